"""Mining: every training video against every label of the corpus."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmaction.utils import register_all_modules
from mmengine.config import Config

from ..datasets.annotations import check_dataset
from ..errors import MGDMError
from ..negatives import NegativesHeader
from ..text.corpus import DEFAULT_PROMPT, LabelCorpus
from ..version import __version__
from .encoder import FrozenClip
from .encoding import BlockEncoder
from .processes import Process, this_process
from .ranking import allowed_labels
from .run import MiningRun
from .scorer import Scorer
from .summary import MiningSummary
from .trained import TrainedModel
from .videos import MiningVideos, joint_digest

__all__ = ['corpus_of', 'mine', 'read_config']


# Twice what the paper's best model trains with, so that k can change without mining again.
_DEFAULT_NEGATIVES = 16


def corpus_of(cfg: Config) -> LabelCorpus:
    """Return the corpus that the model of a config has: classes, extra labels and prompts.

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
    precision: str | None = None,
    process: Process | None = None,
    checkpoint: str | Path | None = None,
    scorer: Scorer | None = None,
) -> MiningSummary | None:
    r"""Mine the negatives of every video of a config's training set and write them to a file.

    MGDM, eq. 10-12 (DOI 10.11959/j.issn.1000-436x.2024268). With :math:`f_{it}` the unit embedding
    of frame t of video i and :math:`w_j` the unit embedding of the prompt of label j,

    .. math:: s_{ij} = \frac{\sum_t f_{it}}{\|\sum_t f_{it}\|} \cdot w_j

    and the negatives are the k labels with the largest scores but the video's own. Frames come from
    the validation pipeline of the config (one clip, centre crop). The result does not depend on
    chance, nor on the number of processes and workers or on interruptions: on the same kind of
    machine another run writes the same bytes.

    Finished blocks of ``batch_size`` videos are kept in the folder ``<out>.parts`` until the file
    is written. A run that was stopped goes on from them, and several processes, on one machine or
    on many that share the folder, divide the blocks without waiting for each other; the one that
    finds all of them done writes the file.

    Args:
        cfg (Config | str | Path): Config, or its file.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Mine more than training takes, so that k
            and the "bot" control can change. Defaults to None: 16, or what a small corpus has.
        split (str, optional): Whose videos: 'train', 'val' or 'test'. Defaults to 'train'.
        device (str | torch.device, optional): Defaults to None: CUDA where there is one, each
            process of a machine another GPU.
        batch_size (int, optional): Videos that are encoded together. Part of the run's identity.
            Defaults to 8.
        num_workers (int, optional): Processes that decode, for each process. Defaults to 2.
        max_bad_fraction (float, optional): Fraction of unreadable videos to leave out. Defaults to
            0.01.
        duplicate_threshold (float, optional): Cosine of two texts from which on a label is no
            negative of the other. Defaults to None: only the same name is.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.
        progress (bool, optional): Show progress. Defaults to True.
        precision (str, optional): 'float32' or 'bfloat16', of the image tower. Defaults to None:
            bfloat16 on CUDA, float32 elsewhere.
        process (Process, optional): Which of several processes this is. Defaults to None: as
            torchrun or srun says.
        checkpoint (str | Path, optional): Mine with the model of the config, trained so far,
            instead of the frozen CLIP. Defaults to None.
        scorer (Scorer, optional): Mine with this, ``device``, ``precision`` and ``checkpoint``
            aside. Defaults to None.

    Returns:
        MiningSummary | None: Accuracy of the frozen CLIP, the most confused classes, unreadable
        videos. None if other processes still work.

    Raises:
        MGDMError: If the config, its lists or class names do not fit, too many videos are
            unreadable, the file exists, or an unfinished run had other settings.

    Example:
        >>> print(mine('configs/toy/mgdm_toy.py', 'negatives.jsonl'))  # doctest: +SKIP
    """
    cfg = cfg if isinstance(cfg, Config) else read_config(cfg)
    process = process or this_process()
    if num_negatives is not None and num_negatives < 1:
        raise MGDMError(f'num_negatives={num_negatives}; mine at least 1.')
    if batch_size < 1:
        raise MGDMError(f'batch_size={batch_size}; encode at least 1 video at a time.')
    if num_workers < 0:
        raise MGDMError(f'num_workers={num_workers}; 0 decodes in the mining process itself.')
    if not 0 <= max_bad_fraction <= 1:
        raise MGDMError(
            f'max_bad_fraction={max_bad_fraction:g}; expected a fraction from 0 to 1, such as 0.01.'
        )
    register_all_modules(init_default_scope=True)
    corpus = corpus_of(cfg)
    if not cfg.get(f'{split}_dataloader'):
        raise MGDMError(f'the config has no {split}_dataloader; mining takes its videos from it.')
    lists = check_dataset(
        cfg[f'{split}_dataloader']['dataset'], len(corpus.classes), corpus.classes
    )
    run = MiningRun(out, process, max_bad_fraction, overwrite)
    videos = MiningVideos(cfg, split, len(corpus.classes))
    if scorer is None:
        scorer = _make_scorer(cfg, checkpoint, device or _default_device(process), precision)
    texts = scorer.prepare(corpus)
    allowed = allowed_labels(corpus, texts, num_negatives or 1, duplicate_threshold)
    if num_negatives is None:
        num_negatives = min(_DEFAULT_NEGATIVES, int(allowed.sum(axis=1).min()))
    encoder = BlockEncoder(
        videos,
        scorer,
        _preprocessor(cfg).to(scorer.device),
        corpus,
        allowed,
        num_negatives,
        batch_size,
        num_workers,
    )
    settings = {
        'split': split,
        'duplicate_threshold': duplicate_threshold,
        'batch_size': batch_size,
        'precision': f'{scorer.precision} on {scorer.device.type}',
        'scorer': scorer.kind,
        'pipeline': _digest(videos.transforms),
    }

    def make_header(num_frames: int) -> NegativesHeader:
        return NegativesHeader(
            architecture=scorer.arch,
            weights_digest=scorer.digest,
            prompt=corpus.prompt,
            labels=corpus.labels,
            classes=corpus.classes,
            class_ids=corpus.class_ids.tolist(),
            num_frames=num_frames,
            k=num_negatives,
            annotation_digest=joint_digest([item.digest for item in lists]),
            package_version=__version__,
            settings=settings,
        )

    return run.run(encoder, make_header, progress)


def _make_scorer(
    cfg: Config, checkpoint: str | Path | None, device: str | torch.device, precision: str | None
) -> Scorer:
    _check_device(device)
    if checkpoint is not None:
        return TrainedModel.from_checkpoint(cfg, checkpoint, device, precision)
    return FrozenClip(cfg.model.backbone, device, precision)


def _check_device(device: str | torch.device) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # without CUDA, torch asserts
        raise MGDMError(
            f"device '{device}' cannot be used here ({str(error).strip().splitlines()[0]}); 'cpu' "
            'always can.'
        ) from None


def _default_device(process: Process) -> str:
    if not torch.cuda.is_available():
        return 'cpu'
    return f'cuda:{process.local % torch.cuda.device_count()}'


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


def _digest(transforms: Sequence) -> str:
    text = json.dumps(transforms, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
