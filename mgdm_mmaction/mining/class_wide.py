"""The same negatives for every video of a class, from texts or from a test run. Nothing decoded."""

from pathlib import Path

import numpy as np
from mmengine.config import Config

from ..config import ParsedConfig
from ..errors import MGDMError
from ..negatives import NegativesSummary, NegativesWriter, validate_negatives
from .dumps import read_dump
from .miner import default_k, make_header
from .ranking import allowed_labels, rank_negatives
from .scorers import FrozenClip
from .videos import MiningVideos

__all__ = ['confusion_matrix', 'mine_confusions', 'mine_text_only']


def mine_text_only(
    cfg: ParsedConfig | Config | str | Path,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    duplicate_threshold: float | None = None,
    overwrite: bool = False,
) -> NegativesSummary:
    """Write negatives that no video was looked at for: the nearest labels by text.

    The score of a label for all videos of a class is the cosine of the two texts in the frozen text
    tower. Not the paper's method, but its control (what does looking at the video add?), and a way
    to train when the videos cannot be mined. The files need not be there.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config, or its file: its lists name the videos,
            ``model.backbone`` names the weights.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or what a small
            corpus has.
        split (str, optional): 'train', 'val' or 'test': whose videos. Defaults to 'train'.
        duplicate_threshold (float, optional): Cosine of two texts from which on a label is no
            negative of the other. Defaults to None: only the same name is.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesSummary: What the file holds.

    Raises:
        MGDMError: See :func:`mgdm_mmaction.mining.mine`.

    Example:
        >>> mine_text_only('configs/toy/mgdm_toy.py', 'text.jsonl')  # doctest: +SKIP
    """
    cfg = ParsedConfig.of(cfg)
    corpus = cfg.corpus
    clip = FrozenClip(cfg.config.model.get('backbone', {}))
    texts = clip.prepare(corpus)
    allowed = allowed_labels(corpus, texts, num_negatives or 1, duplicate_threshold)
    scores = texts[corpus.class_ids] @ texts.T
    settings = {'scorer': 'text only', 'duplicate_threshold': duplicate_threshold}
    tower = (clip.arch, clip.digest)
    return _write(cfg, out, scores, allowed, num_negatives, split, overwrite, settings, tower)


def mine_confusions(
    cfg: ParsedConfig | Config | str | Path,
    dump: str | Path,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    overwrite: bool = False,
) -> NegativesSummary:
    """Write negatives by class: the classes that a test run confused it with most.

    An option beyond the paper. Dump a test on videos that are neither the ones trained on, where a
    model hardly errs, nor the ones that the result is reported on.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config whose training list the file is for.
        dump (str | Path): See :func:`confusion_matrix`.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or all other
            classes.
        split (str, optional): Whose videos. Defaults to 'train'.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesSummary: What the file holds.

    Raises:
        MGDMError: If the dump does not fit, or a class has no video in it.
    """
    cfg = ParsedConfig.of(cfg)
    corpus = cfg.corpus
    matrix = confusion_matrix(dump, len(corpus.classes))
    if len(empty := np.flatnonzero(np.isnan(matrix[:, 0]))):
        names = ', '.join(corpus.classes[i] for i in empty[:5])
        raise MGDMError(
            f'{dump}: holds no video of {len(empty)} classes ({names}), so that nothing is known '
            'of what they are confused with. Test on videos of all classes.'
        )
    own = corpus.class_ids
    scores = np.zeros((len(own), len(corpus)))
    scores[:, own] = matrix
    allowed = np.zeros(scores.shape, dtype=bool)
    allowed[:, own] = ~np.eye(len(own), dtype=bool)
    settings = {'scorer': 'confusions of a test run'}
    return _write(cfg, out, scores, allowed, num_negatives, split, overwrite, settings)


def confusion_matrix(dump: str | Path, num_classes: int) -> np.ndarray:
    """Average the scores of a test run over the videos of each class.

    A soft confusion matrix: unlike counts of mistakes it also ranks the classes that no video was
    taken for.

    Args:
        dump (str | Path): File of ``tools/test.py ... --dump FILE.pkl``.
        num_classes (int): C.

    Returns:
        np.ndarray: Mean score of each class, rows by true class, shape [C, C]. Rows of classes
        without a video are nan.

    Raises:
        MGDMError: If the file is missing, no dump, of another number of classes, or holds logits.
    """
    scores, labels, _ = read_dump(dump, num_classes)
    if (scores < 0).any() or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        raise MGDMError(
            f'{dump}: the scores of a video do not add up to 1. Test with '
            "model.test_cfg.average_clips='prob'."
        )
    matrix = np.full((num_classes, num_classes), np.nan)
    for label in np.unique(labels):
        matrix[label] = scores[labels == label].mean(axis=0)
    return matrix


def _write(
    cfg: ParsedConfig,
    out: str | Path,
    scores: np.ndarray,
    allowed: np.ndarray,
    num_negatives: int | None,
    split: str,
    overwrite: bool,
    settings: dict,
    tower: tuple[str, str] = ('', ''),
) -> NegativesSummary:
    """Write a file from scores of n labels for C classes, and which of them are allowed."""
    left = int(allowed.sum(axis=1).min())
    k = default_k(allowed) if num_negatives is None else num_negatives
    if not 1 <= k <= left:
        raise MGDMError(f'{k} negatives a video asked for; from 1 to {left} can be had.')
    videos = MiningVideos(cfg, split)
    negatives, values = rank_negatives(scores, allowed, k)
    header = make_header(*tower, cfg.corpus, k, videos.digest, {'split': split, **settings})
    with NegativesWriter(out, header, overwrite) as writer:
        for i, label in enumerate(videos.labels):
            writer.write(videos.path_of(i), label, negatives[label], values[label])
    return validate_negatives(out)
