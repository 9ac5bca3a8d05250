"""What two test runs confuse: pairs of classes that one mixes up and the other does not."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from ..errors import MGDMError
from ..mining.dumps import Dump
from ..negatives import NegativesFile, class_negatives
from ..report import as_text, percent, table
from ..text.corpus import LabelCorpus

__all__ = ['RunComparison', 'describe_facts', 'describe_runs', 'mined_ranks']

_MINED = dict(
    before='of the mistakes of the baseline',
    after='of those left',
    fixed='of the fixed',
    broken='of the broken',
)


class RunComparison:
    """Two runs on the same N videos of C classes.

    Args:
        before (Dump): The baseline.
        after (Dump): The other run; the same labels in the same order.
        class_names (Sequence[str]): Names of the classes.
        mined (np.ndarray, optional): Ranks of :func:`mined_ranks`. Defaults to None.

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
        mined: np.ndarray | None = None,
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
            names = {'mined_rank': (first, second), 'mined_rank_back': (second, first)}
            for name, ends in names.items():
                ranks = pd.Series(self.mined[ends], dtype='Int64')
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
        is_mined = [self.mined[self.labels, guess] > 0 for guess in self.guesses]
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


def mined_ranks(file: NegativesFile, classes: Sequence[str], k: int = 7) -> np.ndarray:
    """Rank the classes among the negatives of each class, as the whole class has them.

    Args:
        file (NegativesFile): Negatives of this data set.
        classes (Sequence[str]): Its C class names in label order.
        k (int, optional): Negatives of a class; labels that are no class do not count. Defaults to
            7.

    Returns:
        np.ndarray: Rank from 1 of class j among the negatives of class i, 0 if it is none; shape
        [C, C].

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
    return ranks


def describe_facts(runs: RunComparison) -> list[str]:
    """Describe in lines how the two runs differ as a whole."""
    total = len(runs)
    before, after = (100 * float(right.mean()) for right in runs.right)
    fixed, broken = int(runs.fixed.sum()), int(runs.broken.sum())
    both = int((runs.right[0] & runs.right[1]).sum())
    lines = [
        f'top-1 {before:.2f} % -> {after:.2f} % ({after - before:+.2f}), '
        f'{total} videos of {len(runs.classes)} classes',
        f'{fixed} videos fixed, {broken} broken, {both} right in both, '
        f'{total - both - fixed - broken} wrong in both; sign test p = {runs.sign_test:.2g}',
    ]
    if runs.mined is not None and (shares := runs.mined_shares()):
        parts = [f'{percent(share)} {_MINED[name]}' for name, share in shares.items()]
        lines.append(
            f'with one of the {runs.mined.max()} hardest negatives of the class: {", ".join(parts)}'
        )
    return lines


def describe_runs(runs: RunComparison, number: int = 10) -> str:
    """Describe two runs in a page of text, with so many rows in each table."""
    parts = describe_facts(runs)
    for title, pairs in (
        ('Pairs of classes mixed up less', runs.improved(number)),
        ('Pairs of classes mixed up more', runs.worsened(number)),
        ('Pairs mixed up most after all', runs.worst(number)),
    ):
        parts.append(f'\n{title} (mistakes in both directions)')
        parts.append(table(pairs.drop(columns=['first', 'second']), {'change': '{:+d}'.format}))
    changed = runs.classes[runs.classes['change'] != 0]
    half = (number + 1) // 2
    if len(changed) > 2 * half:
        changed = pd.concat([changed[:half], changed[-half:]])
    of = f'{(runs.classes["change"] != 0).sum()} of {len(runs.classes)} changed'
    parts.append(f'\nClasses that changed most ({of}; change of the accuracy in points)')
    parts.append(
        table(changed.drop(columns='label'), {'change': lambda change: f'{100 * change:+.0f}'})
    )
    return as_text(*parts)
