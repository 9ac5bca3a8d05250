"""The pairs of classes that are most often taken for each other."""

import numpy as np

from .. import NegativesFile
from .statistics import FileStatistics, Pair, class_names

__all__ = ['confused_pairs', 'confused_with_others']


def confused_pairs(file: NegativesFile, counts: FileStatistics, number: int = 10) -> list[Pair]:
    """Return the pairs of classes with the largest mean of both directions.

    Args:
        file (NegativesFile): The file.
        counts (FileStatistics): Its counts.
        number (int, optional): Pairs wanted. Defaults to 10.

    Returns:
        list[Pair]: Most confused first; of each, the direction of the larger share is ``forward``.
    """
    shares = counts.shares[:, file.corpus.class_ids]
    names, both = class_names(file), np.triu(shares + shares.T, 1)
    found = []
    for at in np.argsort(-both, axis=None, kind='stable')[:number]:
        i, j = (int(x) for x in np.unravel_index(at, both.shape))
        if both[i, j] <= 0:
            break
        if shares[j, i] > shares[i, j]:
            i, j = j, i
        backward = float(shares[j, i]) if counts.videos[j] else None
        found.append(Pair(names[i], names[j], float(shares[i, j]), backward))
    return found


def confused_with_others(
    file: NegativesFile, counts: FileStatistics, number: int = 5
) -> list[Pair]:
    """Return the classes that are most often taken for a label that is no class of the data set.

    Args:
        file (NegativesFile): The file.
        counts (FileStatistics): Its counts.
        number (int, optional): Pairs wanted. Defaults to 5.

    Returns:
        list[Pair]: Largest share first; empty if the corpus has classes only.
    """
    shares, names = counts.shares.copy(), class_names(file)
    shares[:, file.corpus.class_ids] = 0
    found = []
    for at in np.argsort(-shares, axis=None, kind='stable')[:number]:
        i, j = np.unravel_index(at, shares.shape)
        if shares[i, j] <= 0:
            break
        found.append(Pair(names[i], file.corpus.labels[j], float(shares[i, j]), None))
    return found
