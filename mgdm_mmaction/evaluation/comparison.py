"""Models on the same videos side by side, and which of their differences are noise."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from ..errors import MGDMError
from ..mining.dumps import Dump
from .accuracy import ProtocolAccuracy
from .report import METRICS

__all__ = [
    'MEASURES',
    'Comparison',
    'calibration_error',
    'divide',
    'holm',
    'seeds_test',
    'sign_flip_test',
]

#: Name of a measure -> words.
MEASURES = {
    **METRICS,
    'pairs': 'confusable pairs',
    'ece': 'ECE',
    'group': 'right group',
    'within_group': 'right within the group',
}
_LEVEL = 0.05


def calibration_error(scores: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    r"""Compute the expected calibration error (Guo et al., 2017, eq. 3).

    .. math:: \sum_b \frac{|B_b|}{N} \left| \mathrm{acc}(B_b) - \mathrm{conf}(B_b) \right|

    over bins of equal width of the confidence, the probability of the first class.

    Args:
        scores (np.ndarray): Probabilities, shape [N, C]; others go through a softmax.
        labels (np.ndarray): True classes, int, shape [N].
        bins (int, optional): Number of bins. Defaults to 15.

    Example:
        >>> calibration_error(np.array([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1]))
        0.25
    """
    if (scores < 0).any() or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
    confidence = scores.max(axis=1)
    gap = (scores.argmax(axis=1) == labels) - confidence
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    return float(np.abs(np.bincount(place, gap)).sum() / len(labels))


def sign_flip_test(differences: np.ndarray) -> float:
    """Return the chance of so large a sum if the sign of every difference was a coin's.

    Exact, over all :math:`2^N` signs. Of differences -1, 0 and 1 it is McNemar's exact test.

    Args:
        differences (np.ndarray): One a video, int, shape [N].

    Returns:
        float: Two-sided p.

    Example:
        >>> sign_flip_test(np.array([1, 1, 1, 0]))
        0.25
    """
    from scipy.signal import fftconvolve
    from scipy.stats import binom

    sizes, counts = np.unique(np.abs(differences[differences != 0]), return_counts=True)
    chances = np.ones(1)
    for size, count in zip(sizes, counts, strict=True):
        # The sum of these is size * (2 * heads - count), at every second multiple of size.
        part = np.zeros(2 * size * count + 1)
        part[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = fftconvolve(chances, part)
    sums = np.arange(len(chances)) - len(chances) // 2
    return float(np.clip(chances[np.abs(sums) >= abs(differences.sum())].sum(), 0, 1))


def seeds_test(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Return Welch's p that two models differ by more than their trainings do.

    Args:
        one (Sequence[float]): Accuracies of the trainings of a model.
        other (Sequence[float]): Those of another one.

    Returns:
        float | None: Two-sided p; None where one was trained once, so that nothing is known.
    """
    from scipy.stats import ttest_ind

    if min(len(one), len(other)) < 2:
        return None
    if not np.ptp(one) and not np.ptp(other):
        return float(one[0] == other[0])
    return float(ttest_ind(one, other, equal_var=False).pvalue)


def holm(chances: Sequence[float]) -> np.ndarray:
    """Adjust p values for their number (Holm, 1979).

    Args:
        chances (Sequence[float]): Of n tests.

    Returns:
        np.ndarray: Adjusted ones, shape [n].

    Example:
        >>> holm([0.01, 0.04, 0.03]).tolist()
        [0.03, 0.06, 0.06]
    """
    found = np.array(chances, float)
    order = found.argsort()
    raised = np.maximum.accumulate(found[order] * np.arange(len(found), 0, -1))
    found[order] = np.minimum(raised, 1)
    return found


class Comparison:
    """Models on the same N videos of C classes.

    Args:
        dumps (Mapping[str, Mapping[int, Dump]]): Name -> seed -> scores, the baseline first; all of
            the same videos in the same order.
        class_names (Sequence[str]): Names of the classes.
        groups (str, optional): Regular expression; classes where it finds the same text belong
            together. Defaults to None: there are no groups.
        parts (Mapping[str, Sequence[int]], optional): Name -> labels whose videos are also
            measured by themselves. Defaults to None.

    Attributes:
        labels (np.ndarray): True classes, shape [N].
        partners (np.ndarray): The class that each is most often taken for, over all models alike;
            -1 where none takes it for another one. Shape [C].
        taken (np.ndarray): The mean share of its videos for which that happens, shape [C].

    Raises:
        MGDMError: If ``groups`` finds nothing in a class, or a label of ``parts`` is none.
    """

    def __init__(
        self,
        dumps: Mapping[str, Mapping[int, Dump]],
        class_names: Sequence[str],
        groups: str | None = None,
        parts: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.dumps = dumps
        self.class_names = np.array(class_names, dtype=object)
        self.labels = next(iter(self.runs))[2].labels
        self._groups, self._parts = divide(class_names, groups, parts)
        confusions = np.zeros((len(class_names),) * 2)
        for name, _, dump in self.runs:
            share = 1 / len(dumps[name])
            np.add.at(confusions, (self.labels, dump.scores.argmax(axis=1)), share)
        np.fill_diagonal(confusions, 0)
        self.partners = np.where(confusions.any(axis=1), confusions.argmax(axis=1), -1)
        videos = np.bincount(self.labels, minlength=len(class_names))
        self.taken = confusions.max(axis=1) / len(dumps) / np.maximum(videos, 1)

    @property
    def runs(self) -> Iterator[tuple[str, int, Dump]]:
        """Iterator[tuple[str, int, Dump]]: Name, seed and scores of every run."""
        return (
            (name, seed, run) for name, runs in self.dumps.items() for seed, run in runs.items()
        )

    @cached_property
    def values(self) -> pd.DataFrame:
        """Measures of every run, in columns; the index is ``model`` and ``seed``."""
        rows = {(name, seed): self._measure(dump.scores) for name, seed, dump in self.runs}
        index = pd.MultiIndex.from_tuples(rows, names=['model', 'seed'])
        return pd.DataFrame(list(rows.values()), index)

    @property
    def means(self) -> pd.DataFrame:
        """Means over the seeds, a row a model."""
        return self.values.groupby('model', sort=False).mean()

    @property
    def spreads(self) -> pd.DataFrame:
        """Standard deviations over the seeds (n - 1), a row a model; NaN for one seed."""
        return self.values.groupby('model', sort=False).std()

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Every other model against the first, a row each.

        ``difference`` of the means of top-1; ``p_videos`` of :func:`sign_flip_test` over the
        videos' hits, summed over seeds: whether it goes beyond which videos happened to be tested;
        ``p_seeds`` of :func:`seeds_test`: beyond the luck of trainings, NaN where that is not
        known; ``p``, the larger of the two, by :func:`holm`; and ``verdict``, 'noise' where that
        is 0.05 or more.
        """
        names = list(self.dumps)
        hits = {name: sum(self._right(run) for run in self.dumps[name].values()) for name in names}
        base, rows = names[0], []
        for name in names[1:]:
            # As integers, also where one model has more seeds than the other.
            sums = hits[name] * len(self.dumps[base]) - hits[base] * len(self.dumps[name])
            top1 = [self.values['top1'][other].tolist() for other in (base, name)]
            rows.append(
                dict(
                    difference=np.mean(top1[1]) - np.mean(top1[0]),
                    p_videos=sign_flip_test(sums),
                    p_seeds=seeds_test(*top1),
                )
            )
        columns = ['difference', 'p_videos', 'p_seeds']
        found = pd.DataFrame(rows, pd.Index(names[1:], name='model'), columns, dtype=float)
        found['p'] = holm(found[['p_videos', 'p_seeds']].max(axis=1))
        words = np.where(found['difference'] > 0, 'better', 'worse')
        found['verdict'] = np.where(found['p'] < _LEVEL, words, 'noise')
        return found

    @cached_property
    def classes(self) -> pd.DataFrame:
        """Mean accuracy of each model, in columns, on every label that has videos, the index."""
        return self._by_class(self._right)

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Mean share of a class's videos that a model scores higher than ``partners``.

        Models in columns, labels as the index; only classes that were taken for another one, the
        most confused first.
        """
        found = self._by_class(lambda run: self._beats(run.scores))
        found = found[self.partners[found.index] >= 0]
        return found.loc[found.index[np.argsort(-self.taken[found.index], kind='stable')]]

    def table(self, costs: Mapping[str, Mapping]) -> pd.DataFrame:
        """Return everything in long form: ``model``, ``seed``, ``measure``, ``class``, ``value``.

        ``seed`` and ``class`` are empty where a value is of all of them.

        Args:
            costs (Mapping[str, Mapping]): Of :meth:`~.compare_runs.Runs.costs`; its numbers are
                measures, too.
        """
        parts = [self.values.reset_index().melt(['model', 'seed'], var_name='measure')]
        for measure, found in (('top1', self.classes), ('pairs', self.pairs)):
            rows = found.set_axis(self.class_names[found.index]).rename_axis('class')
            rows = rows.reset_index().melt('class', var_name='model')
            parts.append(rows.assign(measure=measure))
        tests = self.tests.drop(columns='verdict').reset_index()
        parts.append(tests.melt('model', var_name='measure').dropna())
        if costs:
            found = pd.DataFrame(costs).T.rename_axis('model').drop(columns='device').reset_index()
            parts.append(found.melt('model', var_name='measure').dropna())
        found = pd.concat(parts, ignore_index=True)
        return found.astype({'seed': 'Int64'})[['model', 'seed', 'measure', 'class', 'value']]

    def _measure(self, scores: np.ndarray) -> dict[str, float]:
        labels = self.labels
        found = ProtocolAccuracy().calculate(list(scores), labels.tolist())
        counted = self.partners[labels] >= 0
        values = dict(
            top1=found['top1'],
            top5=found['top5'],
            mean_class=found['mean1'],
            pairs=self._beats(scores)[counted].mean() if counted.any() else np.nan,
            ece=calibration_error(scores, labels),
        )
        rights = {'top1': scores.argmax(axis=1) == labels}
        if self._groups is not None:
            own = self._groups[labels]
            among = np.where(self._groups == own[:, None], scores, -np.inf)
            rights['group'] = self._groups[scores.argmax(axis=1)] == own
            rights['within_group'] = among.argmax(axis=1) == labels
            values |= {key: right.mean() for key, right in rights.items() if key != 'top1'}
        for name, part in self._parts.items():
            rows = np.isin(labels, part)
            among = part[scores[rows][:, part].argmax(axis=1)]
            values |= {
                f'{name}: {MEASURES[key]}': right[rows].mean() for key, right in rights.items()
            }
            values[f'{name}: top-1 among them'] = (among == labels[rows]).mean()
        return values

    def _right(self, run: Dump) -> np.ndarray:
        return (run.scores.argmax(axis=1) == self.labels).astype(int)

    def _beats(self, scores: np.ndarray) -> np.ndarray:
        videos = np.arange(len(scores))
        return scores[videos, self.labels] > scores[videos, self.partners[self.labels]]

    def _by_class(self, judge: Callable[[Dump], np.ndarray]) -> pd.DataFrame:
        """Average what a function says of every video over the videos of a class and the seeds."""
        columns = {
            name: np.mean([judge(run) for run in runs.values()], axis=0)
            for name, runs in self.dumps.items()
        }
        return pd.DataFrame(columns).groupby(self.labels).mean()


def divide(
    class_names: Sequence[str],
    groups: str | None = None,
    parts: Mapping[str, Sequence[int]] | None = None,
) -> tuple[np.ndarray | None, dict[str, np.ndarray]]:
    """Number the groups that an expression makes of classes, and check the labels of parts.

    Args:
        class_names (Sequence[str]): Names of the C classes.
        groups (str, optional): See :class:`Comparison`. Defaults to None.
        parts (Mapping[str, Sequence[int]], optional): See :class:`Comparison`. Defaults to None.

    Returns:
        tuple[np.ndarray | None, dict[str, np.ndarray]]: Group of each class, shape [C], and labels.

    Raises:
        MGDMError: If the expression finds nothing in a class, or a label is none.
    """
    numbers, count = None, len(class_names)
    parts = {} if parts is None else parts
    for name, part in parts.items() if isinstance(parts, Mapping) else [('', parts)]:
        if not (name and isinstance(part, list) and part and all(i in range(count) for i in part)):
            raise MGDMError(
                f'.parts {name!r} is {part!r}; expected a name with labels from 0 to {count - 1}.'
            )
    if groups is not None:
        try:
            found = [re.search(groups, name) for name in class_names]
        except (TypeError, re.error) as error:
            raise MGDMError(
                f'.groups {groups!r}: {error}; expected a regular expression.'
            ) from None
        if None in found:
            name = class_names[found.index(None)]
            raise MGDMError(f'.groups {groups!r}: finds nothing in the class {name!r}.')
        numbers = pd.factorize(np.array([text[0] for text in found], dtype=object))[0]
    return numbers, {name: np.array(part) for name, part in parts.items()}
