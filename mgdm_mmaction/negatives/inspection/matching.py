"""Which labels and which videos of two files are the same."""

import numpy as np
import pandas as pd

from ...text.corpus import normalize_label
from .. import NegativesFile

__all__ = ['joint_labels', 'match_videos']


def joint_labels(a: NegativesFile, b: NegativesFile) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Number the labels of two corpora together, by name in any spelling.

    Args:
        a (NegativesFile): A file of n labels.
        b (NegativesFile): A file of m labels.

    Returns:
        tuple[list[str], np.ndarray, np.ndarray]: The labels of A, then those only B has; the joint
        id of each label of A, shape [n]; of each of B, shape [m].
    """
    labels = [*a.corpus.labels, *b.corpus.labels]
    ids, _ = pd.factorize(np.array([normalize_label(label) for label in labels], dtype=object))
    firsts = np.unique(ids, return_index=True)[1]
    return [labels[i] for i in firsts], ids[: len(a.corpus)], ids[len(a.corpus) :]


def match_videos(a: NegativesFile, b: NegativesFile) -> tuple[np.ndarray, np.ndarray]:
    """Find the videos that two files have in common.

    Paths count as the same if one is the end of the other, in whole folders: one list may have been
    written with a prefix.

    Args:
        a (NegativesFile): A file.
        b (NegativesFile): Another.

    Returns:
        tuple[np.ndarray, np.ndarray]: Rows of A, rising, and the rows of B that they are.
    """
    found: dict[int, int] = {}
    for row in range(len(a)):
        if (other := b.find(a.path_of(row))) is not None:
            found.setdefault(other, row)
    # The other way round, for paths of B that are longer.
    taken = set(found.values())
    for other in range(len(b)):
        row = None if other in found else a.find(b.path_of(other))
        if row is not None and row not in taken:
            found[other] = row
            taken.add(row)
    pairs = np.array(sorted((row, other) for other, row in found.items()), dtype=np.int64)
    return tuple(pairs.reshape(-1, 2).T)
