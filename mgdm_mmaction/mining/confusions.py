"""Negatives of a class from what a test run took its videos for."""

from pathlib import Path

import numpy as np
from mmengine.config import Config

from ..errors import MGDMError
from ..negatives import NegativesSummary
from .class_wide import write_class_wide
from .dumps import read_dump
from .miner import corpus_of

__all__ = ['confusion_matrix', 'mine_confusions']


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


def mine_confusions(
    cfg: Config,
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
        cfg (Config): Config whose training list the file is for.
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
    corpus = corpus_of(cfg)
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
    return write_class_wide(
        cfg, out, corpus, scores, allowed, num_negatives, split, overwrite, settings=settings
    )
