"""Counts of two test runs on the same videos."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from ...mining.dumps import Dump
from .mined import MinedRanks

__all__ = ['RunComparison']


class RunComparison:
    """Two runs on the same N videos of C classes.

    Args:
        before (Dump): The baseline.
        after (Dump): The other run; the same labels in the same order.
        class_names (Sequence[str]): Names of the classes.
        mined (MinedRanks, optional): What was mined for the classes. Defaults to None.

    Attributes:
        labels (np.ndarray): True classes, shape [N].
        scores (tuple[np.ndarray, np.ndarray]): Of the runs, shape [N, C] each.
        guesses (tuple[np.ndarray, np.ndarray]): What each run took the videos for; of equal scores
            the lower class.
        right (tuple[np.ndarray, np.ndarray]): Whether that is the true class.
    """

    def __init__(
        self,
        before: Dump,
        after: Dump,
        class_names: Sequence[str],
        mined: MinedRanks | None = None,
    ) -> None:
        self.labels = before.labels
        self.class_names = np.array(class_names, dtype=object)
        self.mined = mined
        self.scores = (before.scores, after.scores)
        self.guesses = tuple(run.scores.argmax(axis=1) for run in (before, after))
        self.right = tuple(guess == self.labels for guess in self.guesses)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def fixed(self) -> np.ndarray:
        """Videos that only the other run has right, bool, shape [N]."""
        return ~self.right[0] & self.right[1]

    @property
    def broken(self) -> np.ndarray:
        """Videos that only the baseline has right, bool, shape [N]."""
        return self.right[0] & ~self.right[1]

    @property
    def sign_test(self) -> float:
        """Chance of so uneven a split of the fixed and broken videos if both were as likely."""
        from scipy.stats import binomtest

        fixed, broken = int(self.fixed.sum()), int(self.broken.sum())
        return float(binomtest(fixed, fixed + broken).pvalue) if fixed + broken else 1.0

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """All pairs of classes that either run mixed up, the most improved first.

        ``first`` and ``second`` are the classes, ``class`` and ``other_class`` their names,
        ``videos`` those of both. ``before`` and ``after`` count the videos of either that a run
        took for the other; ``fixed`` of those before are right now, ``broken`` of those now were
        right before; ``change`` is below 0 where it got better. With negatives, ``mined_rank`` is
        the rank of the other class among the negatives of the class, ``mined_rank_back`` the
        reverse.
        """
        mistakes = []
        for run, names in enumerate((('before', 'fixed'), ('after', 'broken'))):
            wrong = ~self.right[run]
            ends = np.sort([self.labels[wrong], self.guesses[run][wrong]], axis=0)
            # Wrong in one run; right in the other one makes it fixed or broken.
            columns = dict(zip(('first', 'second'), ends, strict=True))
            columns |= dict(zip(names, (1, self.right[1 - run][wrong]), strict=True))
            mistakes.append(pd.DataFrame(columns))
        counts = ['before', 'after', 'fixed', 'broken']
        found = pd.concat(mistakes).groupby(['first', 'second'])[counts].sum().astype(int)
        found = found.reset_index()
        found['change'] = found['after'] - found['before']
        videos = np.bincount(self.labels, minlength=len(self.class_names))
        first, second = found['first'].to_numpy(), found['second'].to_numpy()
        found.insert(2, 'class', self.class_names[first])
        found.insert(3, 'other_class', self.class_names[second])
        found.insert(4, 'videos', videos[first] + videos[second])
        if self.mined is not None:
            for name, ends in (
                ('mined_rank', (first, second)),
                ('mined_rank_back', (second, first)),
            ):
                ranks = pd.Series(self.mined.ranks[ends], dtype='Int64')
                found[name] = ranks.where(ranks > 0)
        return _sort(found, change=True, before=False)

    def improved(self, number: int) -> pd.DataFrame:
        """The pairs with most mistakes less."""
        return self.pairs[self.pairs['change'] < 0][:number]

    def worsened(self, number: int) -> pd.DataFrame:
        """The pairs with most mistakes more."""
        pairs = _sort(self.pairs, change=False, after=False)
        return pairs[pairs['change'] > 0][:number]

    def worst(self, number: int) -> pd.DataFrame:
        """The pairs with most mistakes in the other run."""
        pairs = _sort(self.pairs, after=False, change=False)
        return pairs[pairs['after'] > 0][:number]

    @cached_property
    def classes(self) -> pd.DataFrame:
        """All classes with videos, the most improved first.

        ``label``, ``class``, ``videos``, how many of them are ``right_before`` and
        ``right_after``, and ``change``, that of the accuracy, from -1 to 1.
        """
        rows = pd.DataFrame(
            dict(label=self.labels, right_before=self.right[0], right_after=self.right[1])
        ).groupby('label')
        found = rows.sum().astype(int)
        found.insert(0, 'class', self.class_names[found.index])
        found.insert(1, 'videos', rows.size())
        found['change'] = (found['right_after'] - found['right_before']) / found['videos']
        return found.reset_index().sort_values('change', ascending=False, kind='stable')

    def examples(self, pair: tuple[int, int], number: int, kind: str = 'after') -> list[int]:
        """Choose videos of a pair: those that the run which errs is surest about.

        Args:
            pair (tuple[int, int]): The classes.
            number (int): At most so many.
            kind (str, optional): 'after', all that the other run mixes up; 'new', only those that
                the baseline did not; 'gone', those that only the baseline did. Defaults to 'after'.

        Returns:
            list[int]: Rows of videos.
        """
        mixed_up = [
            np.isin(self.labels, pair) & np.isin(guess, pair) & (guess != self.labels)
            for guess in self.guesses
        ]
        run = 0 if kind == 'gone' else 1
        rows = np.flatnonzero(mixed_up[run] & ((kind == 'after') | ~mixed_up[1 - run]))
        scores = self.scores[run]
        lead = scores[rows, self.guesses[run][rows]] - scores[rows, self.labels[rows]]
        return rows[np.argsort(-lead, kind='stable')][:number].tolist()

    def mined_shares(self) -> dict[str, float]:
        """Return the share of videos that a run took for a mined negative of their class.

        Returns:
            dict[str, float]: Of the mistakes of the baseline ('before'), those left ('after'), the
            'fixed' and the 'broken'; what there are none of is left out.
        """
        is_mined = [self.mined.ranks[self.labels, guess] > 0 for guess in self.guesses]
        chosen = dict(
            before=is_mined[0][~self.right[0]],
            after=is_mined[1][~self.right[1]],
            fixed=is_mined[0][self.fixed],
            broken=is_mined[1][self.broken],
        )
        return {name: float(rows.mean()) for name, rows in chosen.items() if len(rows)}


def _sort(pairs: pd.DataFrame, **rising: bool) -> pd.DataFrame:
    """Sort by columns, each rising or falling; equal ones by their classes."""
    by = {**rising, 'first': True, 'second': True}
    return pairs.sort_values([*by], ascending=[*by.values()], ignore_index=True)
