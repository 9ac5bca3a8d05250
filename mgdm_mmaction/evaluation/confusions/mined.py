"""Which classes are mined negatives of each other."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...errors import MGDMError
from ...negatives import NegativesFile, class_negatives
from ...text.corpus import LabelCorpus

__all__ = ['MinedRanks', 'mined_ranks']


class MinedRanks(NamedTuple):
    """Ranks of classes among the negatives of others.

    Args:
        ranks (np.ndarray): Rank from 1 of class j among the negatives of class i, 0 if it is none;
            shape [C, C].
        k (int): Negatives of a class.
    """

    ranks: np.ndarray
    k: int


def mined_ranks(file: NegativesFile, classes: Sequence[str], k: int = 7) -> MinedRanks:
    """Rank the classes among the negatives of each class, as the whole class has them.

    Args:
        file (NegativesFile): Negatives of this data set.
        classes (Sequence[str]): Its class names in label order.
        k (int, optional): Negatives of a class; labels that are no class do not count. Defaults to
            7.

    Raises:
        MGDMError: If the file is of other classes.
    """
    found = LabelCorpus(file.corpus.classes)
    if difference := found.difference(LabelCorpus(list(classes))):
        raise MGDMError(
            f'{file.path}: mined for other classes than those of the config: {difference}. Name a '
            'file of this data set.'
        )
    of_class = class_negatives(file)
    class_of = np.full(len(file.corpus), -1)
    class_of[file.corpus.class_ids] = np.arange(len(classes))
    ranks = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for label in np.flatnonzero(of_class.num_videos):
        others = class_of[of_class.negatives[label]]
        others = others[others >= 0][:k]
        ranks[label, others] = np.arange(1, 1 + len(others))
    return MinedRanks(ranks, min(k, file.k))
