"""Counts of what classes are taken for, in a negatives file."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...errors import MGDMError
from .. import NegativesFile
from .overlap import class_overlap, overlap_between_classes

__all__ = [
    'DEPTH',
    'FIRST',
    'FileStatistics',
    'class_names',
    'confused_pairs',
    'confused_with_others',
    'count_file',
    'count_labels',
]

# A class is taken for another where that is among this many hardest negatives of a video. The
# miner's summary counts the same way.
FIRST = 3
# Negatives of a video that the configs train with; a file holds more of them.
DEPTH = 7


@dataclass(frozen=True)
class FileStatistics:
    """The counts of a file of C classes and n labels.

    Args:
        first (int): How many hardest negatives ``among_first`` looks at.
        depth (int): How many ``among_depth`` and the overlaps look at.
        videos (np.ndarray): Videos of every class, shape [C].
        among_first (np.ndarray): Videos of a class that have a label among the first ``first``,
            shape [C, n].
        among_depth (np.ndarray): The same for ``depth``, shape [C, n].
        used (np.ndarray): Videos that have a label among all k, shape [n].
        overlap (np.ndarray): See :func:`~.overlap.class_overlap`, shape [C].
        overlap_between (float): See :func:`~.overlap.overlap_between_classes`.
    """

    first: int
    depth: int
    videos: np.ndarray
    among_first: np.ndarray
    among_depth: np.ndarray
    used: np.ndarray
    overlap: np.ndarray
    overlap_between: float

    @property
    def shares(self) -> np.ndarray:
        """Fraction of the videos of a class with a label among the first few, shape [C, n]."""
        return self.among_first / np.maximum(self.videos, 1)[:, None]


def class_names(file: NegativesFile) -> np.ndarray:
    """Return the classes as the corpus spells them, label order."""
    return np.array(file.corpus.labels, dtype=object)[file.corpus.class_ids]


def count_labels(
    labels: np.ndarray, negatives: np.ndarray, num_classes: int, num_labels: int
) -> np.ndarray:
    """Count how many videos of every class have a label among their negatives: shape [C, n].

    Args:
        labels (np.ndarray): Classes of the videos, shape [N].
        negatives (np.ndarray): Ids without repetition in a row, shape [N, k].
        num_classes (int): C.
        num_labels (int): n.
    """
    cells = labels[:, None].astype(np.int64) * num_labels + negatives
    counts = np.bincount(cells.ravel(), minlength=num_classes * num_labels)
    return counts.reshape(num_classes, num_labels)


def count_file(file: NegativesFile, depth: int | None = None, seed: int = 0) -> FileStatistics:
    """Count what a file holds.

    Args:
        file (NegativesFile): The file.
        depth (int, optional): Hardest negatives of a video that count as its negatives. Defaults to
            None: :data:`DEPTH`, or all if there are fewer.
        seed (int, optional): Seed of what is drawn at random. Defaults to 0.

    Returns:
        FileStatistics: The counts.

    Raises:
        MGDMError: If the file holds no video, or not as many negatives as ``depth``.
    """
    if len(file) == 0:
        raise MGDMError(f'{file.path}: holds a header and no video; there is nothing to show.')
    if depth is None:
        depth = min(DEPTH, file.k)
    if not 1 <= depth <= file.k:
        raise MGDMError(
            f'--depth {depth}: expected 1 to {file.k}, the negatives of every video in {file.path}.'
        )
    first = min(FIRST, file.k)
    shape = len(file.corpus.classes), len(file.corpus)
    return FileStatistics(
        first=first,
        depth=depth,
        videos=np.bincount(file.labels, minlength=shape[0]),
        among_first=count_labels(file.labels, file.negatives[:, :first], *shape),
        among_depth=count_labels(file.labels, file.negatives[:, :depth], *shape),
        used=np.bincount(file.negatives.ravel(), minlength=shape[1]),
        overlap=class_overlap(file, depth, seed),
        overlap_between=overlap_between_classes(file, depth, seed),
    )


def confused_pairs(file: NegativesFile, counts: FileStatistics) -> pd.DataFrame:
    """Return the pairs of classes that are taken for each other, by the mean of both directions.

    Returns:
        pd.DataFrame: ``class``, ``taken for``, ``share`` (of the videos of the class) and ``back``
        (the other way round; NaN if that class has no videos). Of a pair the larger share goes
        first.
    """
    shares = counts.shares[:, file.corpus.class_ids]
    i, j = np.nonzero(np.triu(shares + shares.T, 1))
    turn = shares[j, i] > shares[i, j]
    i, j = np.where(turn, j, i), np.where(turn, i, j)
    order = np.argsort(-(shares[i, j] + shares[j, i]), kind='stable')
    i, j, names = i[order], j[order], class_names(file)
    back = np.where(counts.videos[j] > 0, shares[j, i], np.nan)
    return pd.DataFrame(
        {'class': names[i], 'taken for': names[j], 'share': shares[i, j], 'back': back}
    )


def confused_with_others(file: NegativesFile, counts: FileStatistics) -> pd.DataFrame:
    """Return the classes that are taken for a label that is no class of the data set.

    Returns:
        pd.DataFrame: ``class``, ``taken for`` and ``share``, largest first.
    """
    shares = counts.shares
    shares[:, file.corpus.class_ids] = 0
    i, j = np.nonzero(shares)
    order = np.argsort(-shares[i, j], kind='stable')
    i, j = i[order], j[order]
    labels = np.array(file.corpus.labels, dtype=object)
    return pd.DataFrame(
        {'class': class_names(file)[i], 'taken for': labels[j], 'share': shares[i, j]}
    )
