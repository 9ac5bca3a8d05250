"""How much sets of negatives have in common."""

import numpy as np

from .. import NegativesFile

__all__ = [
    'MAX_VIDEOS',
    'class_overlap',
    'jaccard',
    'overlap_between_classes',
    'rank_change',
    'shared',
]

# A class of more videos is judged by this many, drawn at random: all pairs of them are compared.
MAX_VIDEOS = 500
# Pairs of videos of different classes that the overlap to compare with is estimated from.
_NUM_PAIRS = 20_000
_CHUNK = 8192


def shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Count the ids that two lists have in common, row by row.

    Args:
        first (np.ndarray): Ids without repetition in a row, shape [N, k].
        second (np.ndarray): The same, shape [N, m].

    Returns:
        np.ndarray: Shape [N].
    """
    counts = np.empty(len(first), dtype=np.int64)
    # In parts: k m comparisons a row would be gigabytes for all rows of Kinetics at once.
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        counts[part] = (first[part, :, None] == second[part, None, :]).sum(axis=(1, 2))
    return counts


def jaccard(common: np.ndarray, depth: int) -> np.ndarray:
    r"""Turn the number of ids in common into the overlap of two sets.

    .. math:: |A \cap B| / |A \cup B|

    Args:
        common (np.ndarray): Ids in common.
        depth (int): Size of either set.

    Returns:
        np.ndarray: 0 (nothing in common) to 1 (the same set).
    """
    return common / (2 * depth - common)


def class_overlap(file: NegativesFile, depth: int, seed: int = 0) -> np.ndarray:
    """Return how alike the negatives of two videos of the same class are, for every class.

    Args:
        file (NegativesFile): N videos of C classes.
        depth (int): Hardest negatives of a video that make its set.
        seed (int, optional): Seed of the choice where a class has more than :data:`MAX_VIDEOS`.
            Defaults to 0.

    Returns:
        np.ndarray: Mean Jaccard overlap over all pairs of videos, shape [C]; NaN for a class of
        fewer than two videos.
    """
    num_classes = len(file.corpus.classes)
    result = np.full(num_classes, np.nan)
    order = np.argsort(file.labels, kind='stable')
    ends = np.cumsum(np.bincount(file.labels, minlength=num_classes))
    for label, rows in enumerate(np.split(order, ends[:-1])):
        if len(rows) < 2:
            continue
        if len(rows) > MAX_VIDEOS:
            rows = np.random.default_rng([seed, label]).choice(rows, MAX_VIDEOS, replace=False)
        sets = np.zeros((len(rows), len(file.corpus)), dtype=np.float32)
        np.put_along_axis(sets, file.negatives[rows, :depth], 1, axis=1)
        values = jaccard(sets @ sets.T, depth)
        # All but the diagonal: a video with itself, which is 1.
        pairs = len(rows) * (len(rows) - 1)
        result[label] = (values.sum(dtype=np.float64) - np.trace(values)) / pairs
    return result


def overlap_between_classes(file: NegativesFile, depth: int, seed: int = 0) -> float:
    """Return how alike the negatives of two videos of different classes are.

    Args:
        file (NegativesFile): N videos.
        depth (int): Hardest negatives of a video that make its set.
        seed (int, optional): Seed of the pairs. Defaults to 0.

    Returns:
        float: Mean Jaccard overlap over random pairs; NaN if all videos are of one class.
    """
    if len(file) == 0:
        return float('nan')
    pairs = np.random.default_rng(seed).integers(len(file), size=(2, _NUM_PAIRS))
    first, second = pairs[:, file.labels[pairs[0]] != file.labels[pairs[1]]]
    if len(first) == 0:
        return float('nan')
    common = shared(file.negatives[first, :depth], file.negatives[second, :depth])
    return float(jaccard(common, depth).mean())


def rank_change(before: np.ndarray, after: np.ndarray) -> float:
    """Return how far the rank of a negative is from its rank in another list of the same video.

    Args:
        before (np.ndarray): Ids without repetition in a row, shape [N, k].
        after (np.ndarray): The same, shape [N, m].

    Returns:
        float: Mean over all ids that both lists of a video hold; NaN if there is none.
    """
    total, count = 0, 0
    distance = np.abs(np.arange(before.shape[1])[:, None] - np.arange(after.shape[1]))
    for start in range(0, len(before), _CHUNK):
        part = slice(start, start + _CHUNK)
        same = before[part, :, None] == after[part, None, :]
        total += int((same * distance).sum())
        count += int(same.sum())
    return total / count if count else float('nan')
