"""How much sets of negatives have in common."""

import numpy as np
import pandas as pd

from .. import NegativesFile

__all__ = [
    'class_overlap',
    'jaccard',
    'overlap_between_classes',
    'ranks_in',
    'sample_videos',
    'shared',
]

# A class of more videos is judged by this many, drawn at random: all pairs of them are compared.
MAX_VIDEOS = 500
# Pairs of videos of different classes that the overlap to compare with is estimated from.
_NUM_PAIRS = 20_000
_CHUNK = 8192


def ranks_in(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Find the ids of one list in another, row by row.

    Args:
        first (np.ndarray): Ids without repetition in a row, shape [N, k].
        second (np.ndarray): The same, shape [N, m].

    Returns:
        np.ndarray: Where each id of ``first`` is in ``second``, from 0; -1 if it is not there.
        Shape [N, k].
    """
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


def sample_videos(file: NegativesFile, per_class: int, seed: int = 0) -> list[np.ndarray]:
    """Draw videos of every class.

    Args:
        file (NegativesFile): C classes.
        per_class (int): Videos wanted of each; all of a class that has fewer.
        seed (int, optional): Seed. Defaults to 0.

    Returns:
        list[np.ndarray]: C arrays of rows, rising.
    """
    order = np.random.default_rng(seed).permutation(len(file))
    labels = pd.Series(file.labels[order], index=order)
    chosen = labels.groupby(labels).head(per_class).sort_index()
    return [chosen.index[chosen == label].to_numpy() for label in range(len(file.corpus.classes))]


def class_overlap(file: NegativesFile, depth: int, seed: int = 0) -> np.ndarray:
    """Return the mean Jaccard overlap over all pairs of videos of a class, for every class.

    Returns:
        np.ndarray: Of the first ``depth`` negatives, shape [C]; NaN for a class of fewer than two
        videos. A class of more than 500 is judged by 500, drawn with ``seed``.
    """
    result = np.full(len(file.corpus.classes), np.nan)
    for label, rows in enumerate(sample_videos(file, MAX_VIDEOS, seed)):
        if len(rows) > 1:
            sets = np.zeros((len(rows), len(file.corpus)), dtype=np.float32)
            np.put_along_axis(sets, file.negatives[rows, :depth], 1, axis=1)
            pairs = np.triu_indices(len(rows), 1)
            result[label] = jaccard((sets @ sets.T)[pairs], depth).mean(dtype=np.float64)
    return result


def overlap_between_classes(file: NegativesFile, depth: int, seed: int = 0) -> float:
    """Return the mean Jaccard overlap over random pairs of videos of different classes.

    Returns:
        float: Of the first ``depth`` negatives; NaN if all videos are of one class.
    """
    pairs = np.random.default_rng(seed).integers(len(file), size=(2, _NUM_PAIRS))
    first, second = pairs[:, file.labels[pairs[0]] != file.labels[pairs[1]]]
    if not len(first):
        return float('nan')
    common = shared(file.negatives[first, :depth], file.negatives[second, :depth])
    return float(jaccard(common, depth).mean())
