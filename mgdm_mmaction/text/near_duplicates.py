"""Labels that mean nearly the same: which pairs there are, and which extra label to drop."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .corpus import LabelCorpus

__all__ = ['KINDS', 'NearDuplicate', 'count_pairs', 'merge_extra_labels', 'near_duplicates']

KINDS = ('two classes', 'class and extra label', 'two extra labels')


class NearDuplicate(NamedTuple):
    """Two labels of a corpus, the lower id first, with the cosine of their texts."""

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
    first, second, cosines = _pairs(texts)
    order = np.argsort(-cosines, kind='stable')[: int((cosines >= threshold).sum())][:top]
    found = zip(*(part[order].tolist() for part in (first, second, cosines)), strict=True)
    return [NearDuplicate(*pair) for pair in found]


def count_pairs(corpus: LabelCorpus, texts: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Count the pairs of labels from each level on.

    Args:
        corpus (LabelCorpus): n labels.
        texts (np.ndarray): Their unit text embeddings, shape [n, D].
        levels (Sequence[float]): L cosines.

    Returns:
        np.ndarray: int64, shape [L, 3]: pairs of each of :data:`KINDS`.
    """
    first, second, cosines = _pairs(texts)
    own = len(corpus.classes)
    kinds = (first >= own).astype(np.int64) + (second >= own)
    return np.stack(
        [np.bincount(kinds[cosines >= level], minlength=len(KINDS)) for level in levels]
    )


def _pairs(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all pairs in the order of their ids, and their cosines."""
    first, second = np.triu_indices(len(texts), 1)
    return first, second, (texts.astype(np.float64) @ texts.T)[first, second]


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
