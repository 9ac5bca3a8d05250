"""Mining: every training video against every label of the corpus."""

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmaction.utils import register_all_modules
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import DataLoader

from ..corpus import DEFAULT_PROMPT, LabelCorpus
from ..datasets.annotations import check_dataset
from ..datasets.transforms.unreadable_log import list_unreadable
from ..errors import MGDMError
from ..negatives import NegativesHeader, NegativesWriter
from ..negatives.writer import check_can_write
from ..version import __version__
from .encoder import FrozenClip
from .progress import Progress
from .ranking import allowed_labels, rank_negatives
from .summary import MiningSummary, SummaryCounter
from .videos import MiningVideos

__all__ = ['corpus_of', 'mine', 'read_config']


# Twice what the paper's best model trains with, so that k can change without mining again.
_DEFAULT_NEGATIVES = 16


def corpus_of(cfg: Config) -> LabelCorpus:
    """Return the corpus that the model of a config has: classes, extra labels and prompt.

    Raises:
        MGDMError: If the config's head has no ``classes``.
    """
    head = cfg.get('model', {}).get('cls_head', {})
    if 'classes' not in head:
        raise MGDMError(
            'model.cls_head.classes is missing: mining needs the class names of the data set (a '
            'list, a text file, or k400, hmdb51, ucf101).'
        )
    return LabelCorpus(
        head['classes'], head.get('extra_labels', ()), head.get('prompt', DEFAULT_PROMPT)
    )


def mine(
    cfg: Config | str | Path,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    device: str | torch.device | None = None,
    batch_size: int = 8,
    num_workers: int = 2,
    max_bad_fraction: float = 0.01,
    duplicate_threshold: float | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> MiningSummary:
    r"""Mine the negatives of every video of a config's training set and write them to a file.

    MGDM, eq. 10-12 (DOI 10.11959/j.issn.1000-436x.2024268). With :math:`f_{it}` the unit embedding
    of frame t of video i and :math:`w_j` the unit embedding of the prompt of label j,

    .. math:: s_{ij} = \frac{\sum_t f_{it}}{\|\sum_t f_{it}\|} \cdot w_j

    and the negatives are the k labels with the largest scores but the video's own. Frames come from
    the validation pipeline of the config (one clip, centre crop). The result does not depend on
    chance: a second run on the same machine writes the same bytes.

    Args:
        cfg (Config | str | Path): Config, or its file.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Mine more than training takes, so that k
            and the "bot" control can change. Defaults to None: 16, or what a small corpus has.
        split (str, optional): Whose videos: 'train', 'val' or 'test'. Defaults to 'train'.
        device (str | torch.device, optional): Defaults to None: CUDA where there is one.
        batch_size (int, optional): Videos a step. Defaults to 8.
        num_workers (int, optional): Processes that decode. Defaults to 2.
        max_bad_fraction (float, optional): Fraction of unreadable videos to leave out. Defaults to
            0.01.
        duplicate_threshold (float, optional): Cosine of two texts from which on a label is no
            negative of the other. Defaults to None: only the same name is.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.
        progress (bool, optional): Show progress. Defaults to True.

    Returns:
        MiningSummary: Accuracy of the frozen CLIP, the most confused classes, unreadable videos.

    Raises:
        MGDMError: If the config, its lists or class names do not fit, too many videos are
            unreadable, or the file exists.

    Example:
        >>> print(mine('configs/toy/mgdm_toy.py', 'negatives.jsonl'))  # doctest: +SKIP
    """
    cfg = cfg if isinstance(cfg, Config) else read_config(cfg)
    check_can_write(out, overwrite)
    if num_negatives is not None and num_negatives < 1:
        raise MGDMError(f'num_negatives={num_negatives}; mine at least 1.')
    register_all_modules(init_default_scope=True)
    corpus = corpus_of(cfg)
    if not cfg.get(f'{split}_dataloader'):
        raise MGDMError(f'the config has no {split}_dataloader; mining takes its videos from it.')
    lists = check_dataset(
        cfg[f'{split}_dataloader']['dataset'], len(corpus.classes), corpus.classes
    )
    videos = MiningVideos(cfg, split, len(corpus.classes))
    clip = FrozenClip(cfg.model.backbone, device or _default_device())
    texts = clip.texts(corpus.prompts).cpu().numpy()
    allowed = allowed_labels(corpus, texts, num_negatives or 1, duplicate_threshold)
    if num_negatives is None:
        num_negatives = min(_DEFAULT_NEGATIVES, int(allowed.sum(axis=1).min()))
    preprocessor = _preprocessor(cfg).to(clip.device)
    settings = {'split': split, 'duplicate_threshold': duplicate_threshold}

    def open_writer(num_frames: int) -> NegativesWriter:
        header = NegativesHeader(
            architecture=clip.arch,
            weights_digest=clip.digest,
            prompt=corpus.prompt,
            labels=corpus.labels,
            classes=corpus.classes,
            class_ids=corpus.class_ids.tolist(),
            num_frames=num_frames,
            k=num_negatives,
            annotation_digest=_joint_digest([item.digest for item in lists]),
            package_version=__version__,
            settings=settings,
        )
        return stack.enter_context(NegativesWriter(out, header, overwrite))

    loader = DataLoader(videos, batch_size, num_workers=num_workers, collate_fn=list)
    counter = SummaryCounter(corpus)
    bar = Progress(len(videos)) if progress else None
    unreadable: dict[str, str] = {}
    writer = None
    with contextlib.ExitStack() as stack:
        for batch in loader:
            good = [item for item in batch if item[1] is not None]
            unreadable |= {videos.paths[i]: why for i, frames, why in batch if frames is None}
            _check_unreadable(unreadable, max_bad_fraction, len(videos))
            if good:
                frames = _normalise(preprocessor, [item[1] for item in good])
                # The number of frames is known with the first video only.
                writer = writer or open_writer(int(frames.shape[1]))
                scores = clip.videos(frames).cpu().numpy() @ texts.T
                labels = np.array([videos.labels[item[0]] for item in good])
                ids, values = rank_negatives(scores, allowed[labels], num_negatives)
                counter.add(labels, scores, ids)
                for row, item in enumerate(good):
                    writer.write(videos.paths[item[0]], labels[row], ids[row], values[row])
            if bar is not None:
                bar.advance(len(batch))
        if writer is None:
            raise MGDMError('none of the videos could be read:\n' + list_unreadable(unreadable))
    top1, top5 = counter.accuracy()
    return MiningSummary(
        path=str(out),
        num_videos=len(videos) - len(unreadable),
        k=num_negatives,
        num_labels=len(corpus),
        num_classes=len(corpus.classes),
        top1=top1,
        top5=top5,
        confused=counter.confused(),
        unreadable=unreadable,
        repeats=videos.repeats,
    )


def _default_device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def read_config(path: str | Path) -> Config:
    """Read a config file.

    Raises:
        MGDMError: If it is missing or cannot be read.
    """
    if not Path(path).is_file():
        raise MGDMError(f'{path}: no such config file.')
    try:
        return Config.fromfile(str(path))
    except MGDMError:
        raise
    except Exception as error:
        raise MGDMError(
            f'{path}: cannot be read as a config: {type(error).__name__}: {error}'
        ) from error


def _preprocessor(cfg: Config) -> torch.nn.Module:
    """Build the data preprocessor of the config: it normalises frames as in training."""
    config = cfg.model.get('data_preprocessor')
    if config is None:
        raise MGDMError(
            'model.data_preprocessor is missing: it holds the mean and std that CLIP expects.'
        )
    return MODELS.build(config)


def _normalise(preprocessor: torch.nn.Module, frames: Sequence[Tensor]) -> Tensor:
    """Return normalised frames [B, T, 3, H, W]."""
    sizes = {tuple(item.shape) for item in frames}
    if len(sizes) > 1:
        raise MGDMError(
            f'the pipeline gives videos of different shapes, {sorted(sizes)[:2]}; end it with '
            'CenterCrop and the same number of frames for every video.'
        )
    data = {'inputs': list(frames), 'data_samples': None}
    return preprocessor(data, training=False)['inputs']


def _check_unreadable(unreadable: dict[str, str], fraction: float, total: int) -> None:
    if len(unreadable) > fraction * total:
        raise MGDMError(
            f'{len(unreadable)} of {total} videos are unreadable so far; at most '
            f'{fraction * total:g} are tolerated. Check `data_prefix` of the data set and the '
            f'files, take them off the list, or raise --max-bad-fraction (now {fraction:g}):\n'
            f'{list_unreadable(unreadable)}'
        )


def _joint_digest(digests: Sequence[str]) -> str:
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256('\n'.join(digests).encode()).hexdigest()[:16]
