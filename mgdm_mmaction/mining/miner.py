"""Mining: every training video against every label of the corpus."""

import json
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmaction.utils import register_all_modules
from mmengine.config import Config

from ..config import ParsedConfig
from ..datasets.annotations import list_digest
from ..errors import MGDMError, check_output
from ..negatives import NegativesHeader
from .blocks import BlockMiner
from .parts import is_unfinished
from .processes import Process, this_process
from .ranking import allowed_labels
from .run import MiningRun
from .scorers import FrozenClip, Scorer
from .summary import MiningSummary
from .trained import TrainedModel
from .videos import MiningVideos

__all__ = ['default_k', 'mine']


def mine(
    cfg: ParsedConfig | Config | str | Path,
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
    is written. A run that was stopped resumes from them, and several processes, on one machine or
    on many that share the folder, divide the blocks without waiting for each other; the one that
    finds all of them done writes the file.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config, or its file.
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
    cfg = ParsedConfig.of(cfg)
    process = process or this_process()
    for name, value, fits, expected in (
        ('num_negatives', num_negatives, num_negatives is None or num_negatives >= 1, '1 or more'),
        ('batch_size', batch_size, batch_size >= 1, '1 video or more at a time'),
        ('num_workers', num_workers, num_workers >= 0, '0 (decode in the process itself) or more'),
        ('max_bad_fraction', max_bad_fraction, 0 <= max_bad_fraction <= 1, 'a fraction, 0 to 1'),
    ):
        if not fits:
            raise MGDMError(f'{name}={value}; expected {expected}.')
    # Whether a file that is there may be replaced depends on what an unfinished run is of.
    check_output(out, overwrite or process.count > 1 or is_unfinished(out))
    register_all_modules(init_default_scope=True)
    corpus = cfg.corpus
    videos = MiningVideos(cfg, split)
    preprocessor = _preprocessor(cfg)
    if scorer is None:
        scorer = _make_scorer(cfg, checkpoint, device or _default_device(process), precision)
    texts = scorer.prepare(corpus)
    allowed = allowed_labels(corpus, texts, num_negatives or 1, duplicate_threshold)
    k = num_negatives or default_k(allowed)
    settings = {
        'split': split,
        'duplicate_threshold': duplicate_threshold,
        'batch_size': batch_size,
        'precision': f'{scorer.precision} on {scorer.device.type}',
        'scorer': scorer.kind,
        'pipeline': list_digest(json.dumps(videos.transforms, sort_keys=True, default=str)),
    }
    tower = scorer.arch, scorer.digest
    header = NegativesHeader.of(corpus, k, videos.digest, settings, tower)
    miner = BlockMiner(videos, scorer, preprocessor, corpus, allowed, k, batch_size, num_workers)
    run = MiningRun(out, header, miner, process, max_bad_fraction, overwrite)
    return run.run(progress)


def default_k(allowed: np.ndarray) -> int:
    """Return how many negatives are mined where nobody asks: 16, or what a small corpus has."""
    # Twice what the paper's best model trains with, so that k can change without mining again.
    return min(16, int(allowed.sum(axis=1).min()))


def _make_scorer(
    cfg: ParsedConfig,
    checkpoint: str | Path | None,
    device: str | torch.device,
    precision: str | None,
) -> Scorer:
    _check_device(device)
    if checkpoint is not None:
        return TrainedModel.from_checkpoint(cfg, checkpoint, device, precision)
    return FrozenClip(cfg.config.model.backbone, device, precision)


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


def _preprocessor(cfg: ParsedConfig) -> torch.nn.Module:
    """Build the data preprocessor of the config: it normalises frames as in training."""
    config = cfg.config.model.get('data_preprocessor')
    if config is None:
        raise MGDMError(
            'model.data_preprocessor is missing: it holds the mean and std that CLIP expects.'
        )
    return MODELS.build(config)
