"""Labels that say nearly the same: which pairs there are, and which extra label to drop."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from .corpus import LabelCorpus

__all__ = ['KINDS', 'NearDuplicate', 'count_pairs', 'merge_extra_labels', 'near_duplicates']

KINDS = ('two classes', 'class and extra label', 'two extra labels')

_ROWS_AT_ONCE = 1024


class NearDuplicate(NamedTuple):
    """Two labels of a corpus with the cosine of their texts.

    Args:
        first (int): The lower corpus id.
        second (int): The other one.
        cosine (float): Of their text embeddings.
    """

    first: int
    second: int
    cosine: float

    def kind(self, corpus: LabelCorpus) -> str:
        """Return which of :data:`KINDS` the pair is."""
        return KINDS[sum(label >= len(corpus.classes) for label in self[:2])]


def near_duplicates(
    texts: np.ndarray, threshold: float = -np.inf, top: int | None = None
) -> list[NearDuplicate]:
    """Find the pairs of labels whose texts are that similar.

    Args:
        texts (np.ndarray): Unit text embeddings, shape [n, D].
        threshold (float, optional): Least cosine. Defaults to none.
        top (int, optional): Most pairs to return. Defaults to None: all.

    Returns:
        list[NearDuplicate]: The most similar pair first, the lower ids first among equals.
    """
    best = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0))
    for start, cosines in _upper(texts):
        rows, others = np.nonzero(cosines >= threshold)
        found = (rows + start, others, cosines[rows, others])
        best = tuple(np.concatenate(parts) for parts in zip(best, found, strict=True))
        # The last key counts most.
        order = np.lexsort((best[1], best[0], -best[2]))[:top]
        best = tuple(part[order] for part in best)
    return [NearDuplicate(*pair) for pair in zip(*(part.tolist() for part in best), strict=True)]


def count_pairs(corpus: LabelCorpus, texts: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Count the pairs of labels from each level on.

    Args:
        corpus (LabelCorpus): n labels.
        texts (np.ndarray): Their unit text embeddings, shape [n, D].
        levels (Sequence[float]): L cosines.

    Returns:
        np.ndarray: int64, shape [L, 3]: pairs of each of :data:`KINDS`.
    """
    counts = np.zeros((len(levels), len(KINDS)), dtype=np.int64)
    extra = np.arange(len(corpus)) >= len(corpus.classes)
    for start, cosines in _upper(texts):
        kinds = extra[start : start + len(cosines), None].astype(np.int64) + extra
        for i, level in enumerate(levels):
            counts[i] += np.bincount(kinds[cosines >= level], minlength=len(KINDS))
    return counts


def _upper(texts: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield blocks of rows of all cosines; nan but where the first label is the lower one."""
    for start in range(0, len(texts), _ROWS_AT_ONCE):
        cosines = texts[start : start + _ROWS_AT_ONCE].astype(np.float64) @ texts.T
        rows = np.arange(start, start + len(cosines))[:, None]
        cosines[rows >= np.arange(len(texts))] = np.nan
        yield start, cosines


def merge_extra_labels(
    corpus: LabelCorpus, texts: np.ndarray, threshold: float
) -> tuple[list[str], list[NearDuplicate]]:
    """Drop the extra labels that nearly repeat a class or an extra label that stays.

    The extra labels are gone through in their order. Classes of the data set always stay: two of
    them that are alike are two classes still.

    Args:
        corpus (LabelCorpus): n labels.
        texts (np.ndarray): Their unit text embeddings, shape [n, D].
        threshold (float): Cosine from which on a label repeats another one.

    Returns:
        tuple[list[str], list[NearDuplicate]]: The extra labels that stay, and for each other one
        (``second``) the label that it is most like among those that stay (``first``).
    """
    stay = list(range(len(corpus.classes)))
    dropped = []
    for label in range(len(corpus.classes), len(corpus)):
        cosines = texts[stay] @ texts[label]
        best = int(cosines.argmax())
        if cosines[best] >= threshold:
            dropped.append(NearDuplicate(stay[best], label, float(cosines[best])))
        else:
            stay.append(label)
    return [corpus.labels[label] for label in stay[len(corpus.classes) :]], dropped
