"""Counts of two test runs on the same videos."""

import math
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...mining.dumps import Dump

__all__ = ['ClassChange', 'PairChange', 'RunComparison']


class PairChange(NamedTuple):
    """Mistakes between two classes, in both directions together.

    Args:
        first (int): A class.
        second (int): Another one, the larger number.
        videos (int): Videos of both.
        before (int): Videos of the one that the baseline took for the other.
        after (int): The same of the other run.
        fixed (int): Of those before, the ones that are right now.
        broken (int): Of those now, the ones that were right before.
    """

    first: int
    second: int
    videos: int
    before: int
    after: int
    fixed: int
    broken: int

    @property
    def change(self) -> int:
        """Mistakes more than before; negative is better."""
        return self.after - self.before


class ClassChange(NamedTuple):
    """Videos of a class that are right.

    Args:
        label (int): The class.
        videos (int): Its videos, at least one.
        before (int): Right in the baseline.
        after (int): Right in the other run.
    """

    label: int
    videos: int
    before: int
    after: int

    @property
    def change(self) -> float:
        """Change of its accuracy, from -1 to 1."""
        return (self.after - self.before) / self.videos


class RunComparison:
    """Two runs on the same N videos of C classes.

    Args:
        before (Dump): The baseline.
        after (Dump): The other run; the same labels in the same order.

    Attributes:
        labels (np.ndarray): True classes, shape [N].
        guesses (tuple[np.ndarray, np.ndarray]): What each run took the videos for; of equal scores
            the lower class.
        right (tuple[np.ndarray, np.ndarray]): Whether that is the true class.
    """

    def __init__(self, before: Dump, after: Dump) -> None:
        self.labels = before.labels
        self.num_classes = before.scores.shape[1]
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
        few, many = sorted((int(self.fixed.sum()), int(self.broken.sum())))
        number = few + many
        tail = sum(math.comb(number, i) for i in range(few + 1))
        # In whole numbers: 2 ** number is beyond a float for large lists.
        return min(1.0, 2 * tail / 2**number) if number < 1000 else _normal_tail(few, number)

    @cached_property
    def pairs(self) -> list[PairChange]:
        """All pairs that either run mixed up, the most improved first."""
        videos = np.bincount(self.labels, minlength=self.num_classes)
        rows = np.flatnonzero(~(self.right[0] & self.right[1]))
        counts: dict[tuple[int, int], list[int]] = {}
        for row in rows:
            label = int(self.labels[row])
            for run in (0, 1):
                if self.right[run][row]:
                    continue
                pair = tuple(sorted((label, int(self.guesses[run][row]))))
                found = counts.setdefault(pair, [0, 0, 0, 0])
                found[run] += 1
                # Wrong in one run; right in the other one makes it fixed or broken.
                found[2 + run] += int(self.right[1 - run][row])
        pairs = [
            PairChange(*pair, int(videos[list(pair)].sum()), *found)
            for pair, found in counts.items()
        ]
        return sorted(pairs, key=lambda p: (p.change, -p.before, p.first, p.second))

    def improved(self, number: int) -> list[PairChange]:
        """The pairs with most mistakes less."""
        return [pair for pair in self.pairs[:number] if pair.change < 0]

    def worsened(self, number: int) -> list[PairChange]:
        """The pairs with most mistakes more."""
        order = sorted(self.pairs, key=lambda p: (-p.change, -p.after, p.first, p.second))
        return [pair for pair in order[:number] if pair.change > 0]

    def worst(self, number: int) -> list[PairChange]:
        """The pairs with most mistakes in the other run."""
        order = sorted(self.pairs, key=lambda p: (-p.after, -p.change, p.first, p.second))
        return [pair for pair in order[:number] if pair.after > 0]

    @cached_property
    def classes(self) -> list[ClassChange]:
        """All classes with videos, the most improved first."""
        found = []
        for label in np.unique(self.labels):
            own = self.labels == label
            before, after = (int(right[own].sum()) for right in self.right)
            found.append(ClassChange(int(label), int(own.sum()), before, after))
        return sorted(found, key=lambda c: (-c.change, c.label))

    def examples(self, pair: PairChange, number: int, kind: str = 'after') -> list[int]:
        """Choose videos of a pair: those that the run which errs is surest about.

        Args:
            pair (PairChange): The pair.
            number (int): At most so many.
            kind (str, optional): 'after', all that the other run mixes up; 'new', only those that
                the baseline did not; 'gone', those that only the baseline did. Defaults to 'after'.

        Returns:
            list[int]: Rows of videos.
        """
        run = 0 if kind == 'gone' else 1
        mixed_up = self._mixed_up(pair, run)
        if kind != 'after':
            mixed_up &= ~self._mixed_up(pair, 1 - run)
        rows = np.flatnonzero(mixed_up)
        scores = self.scores[run]
        lead = scores[rows, self.guesses[run][rows]] - scores[rows, self.labels[rows]]
        return rows[np.argsort(-lead, kind='stable')][:number].tolist()

    def _mixed_up(self, pair: PairChange, run: int) -> np.ndarray:
        ends, guess = (pair.first, pair.second), self.guesses[run]
        return np.isin(self.labels, ends) & np.isin(guess, ends) & ~self.right[run]


def _normal_tail(few: int, number: int) -> float:
    """The same by the normal approximation with continuity correction."""
    z = max(0.0, number / 2 - few - 0.5) / math.sqrt(number / 4)
    return min(1.0, math.erfc(z / math.sqrt(2)))
