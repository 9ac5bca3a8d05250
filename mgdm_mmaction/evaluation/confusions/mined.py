"""Which mistakes are between a class and its mined negatives."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...errors import MGDMError
from ...negatives import NegativesFile, class_negatives
from ...text.corpus import LabelCorpus
from .comparison import PairChange, RunComparison

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

    def describe(self, pair: PairChange) -> str:
        """Say whether the classes of a pair are negatives of each other."""
        i, j = pair.first, pair.second
        ranks = [int(rank) for rank in (self.ranks[i, j], self.ranks[j, i]) if rank]
        if not ranks:
            return 'not mined'
        if len(ranks) == 1:
            return f'mined one way, rank {ranks[0]}'
        return f'mined both ways, ranks {ranks[0]} and {ranks[1]}'

    def shares(self, runs: RunComparison) -> dict[str, tuple[int, int]]:
        """Count mistakes with a mined negative, of all.

        Returns:
            dict[str, tuple[int, int]]: Of 'before', 'after', 'fixed' and 'broken'.
        """
        is_mined = [self.ranks[runs.labels, guess] > 0 for guess in runs.guesses]
        chosen = {
            'before': (0, ~runs.right[0]),
            'after': (1, ~runs.right[1]),
            'fixed': (0, runs.fixed),
            'broken': (1, runs.broken),
        }
        return {
            name: (int((is_mined[run] & rows).sum()), int(rows.sum()))
            for name, (run, rows) in chosen.items()
        }


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
