"""Counts of what classes are taken for, in a negatives file."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...errors import MGDMError
from .. import NegativesFile

__all__ = [
    'DEPTH',
    'FIRST',
    'FileStatistics',
    'class_names',
    'confused_pairs',
    'confused_with_others',
    'count_file',
    'count_labels',
    'jaccard',
    'ranks_in',
    'sample_videos',
    'shared',
]

# A class is taken for another where that is among this many hardest negatives of a video. The
# miner's summary counts the same way.
FIRST = 3
# Negatives of a video that the configs train with; a file holds more of them.
DEPTH = 7
# A class of more videos is judged by this many, drawn at random: all pairs of them are compared.
MAX_VIDEOS = 500
# Pairs of videos of different classes that the overlap to compare with is estimated from.
_NUM_PAIRS = 20_000
_CHUNK = 8192


@dataclass(frozen=True)
class FileStatistics:
    """The counts of a file of C classes and n labels.

    Args:
        first (int): How many hardest negatives ``among_first`` looks at.
        depth (int): How many the overlaps look at.
        videos (np.ndarray): Videos of every class, shape [C].
        among_first (np.ndarray): Videos of a class that have a label among the first ``first``,
            shape [C, n].
        used (np.ndarray): Videos that have a label among all k, shape [n].
        overlap (np.ndarray): Mean Jaccard overlap over all pairs of videos of a class, shape [C];
            NaN for a class of fewer than two. A class of more than 500 is judged by 500.
        overlap_between (float): The same over random pairs of videos of different classes; NaN if
            all are of one.
    """

    first: int
    depth: int
    videos: np.ndarray
    among_first: np.ndarray
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
    """Count the videos of every class with a label among their negatives [N, k]: shape [C, n]."""
    cells = labels[:, None].astype(np.int64) * num_labels + negatives
    counts = np.bincount(cells.ravel(), minlength=num_classes * num_labels)
    return counts.reshape(num_classes, num_labels)


def count_file(file: NegativesFile, depth: int | None = None) -> FileStatistics:
    """Count what a file holds.

    Args:
        file (NegativesFile): The file.
        depth (int, optional): Hardest negatives of a video that count as its negatives. Defaults to
            None: :data:`DEPTH`, or all if there are fewer.

    Raises:
        MGDMError: If the file does not hold as many negatives as ``depth``.
    """
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
        used=np.bincount(file.negatives.ravel(), minlength=shape[1]),
        overlap=_class_overlap(file, depth),
        overlap_between=_overlap_between(file, depth),
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


def ranks_in(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Find the ids of lists [N, k] in others [N, m], row by row: positions, or -1, shape [N, k]."""
    ranks = np.empty(first.shape, dtype=np.int64)
    # In parts: k m comparisons a row would be gigabytes for all rows of Kinetics at once.
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        same = first[part, :, None] == second[part, None, :]
        ranks[part] = np.where(same.any(axis=2), same.argmax(axis=2), -1)
    return ranks


def shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the ids that lists [N, k] and [N, m] have in common, row by row: shape [N]."""
    return (ranks_in(first, second) >= 0).sum(axis=1)


def jaccard(common: np.ndarray, depth: int) -> np.ndarray:
    r"""Return :math:`|A \cap B| / |A \cup B|` of sets of one size with so many ids in common."""
    return common / (2 * depth - common)


def sample_videos(file: NegativesFile, per_class: int) -> list[np.ndarray]:
    """Draw up to so many videos of every class, the same each time: an array of rows a class."""
    order = np.random.default_rng(0).permutation(len(file))
    labels = pd.Series(file.labels[order], index=order)
    chosen = labels.groupby(labels).head(per_class).sort_index()
    return [chosen.index[chosen == label].to_numpy() for label in range(len(file.corpus.classes))]


def _class_overlap(file: NegativesFile, depth: int) -> np.ndarray:
    result = np.full(len(file.corpus.classes), np.nan)
    for label, rows in enumerate(sample_videos(file, MAX_VIDEOS)):
        if len(rows) > 1:
            sets = np.zeros((len(rows), len(file.corpus)), dtype=np.float32)
            np.put_along_axis(sets, file.negatives[rows, :depth], 1, axis=1)
            pairs = np.triu_indices(len(rows), 1)
            result[label] = jaccard((sets @ sets.T)[pairs], depth).mean(dtype=np.float64)
    return result


def _overlap_between(file: NegativesFile, depth: int) -> float:
    pairs = np.random.default_rng(0).integers(len(file), size=(2, _NUM_PAIRS))
    first, second = pairs[:, file.labels[pairs[0]] != file.labels[pairs[1]]]
    if not len(first):
        return float('nan')
    common = shared(file.negatives[first, :depth], file.negatives[second, :depth])
    return float(jaccard(common, depth).mean())
