"""Measures, tests and tables of a comparison, against plain rewritings."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import binomtest, false_discovery_control

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation.comparison import (
    Comparison,
    calibration_error,
    divide,
    holm,
    seeds_test,
    sign_flip_test,
)
from mgdm_mmaction.mining.dumps import Dump
from mgdm_mmaction.toy.actions import list_actions

NAMES = [action.name for action in list_actions(['circle', 'star'])]


def draw(seed, videos=60, classes=12, hint=0.15):
    """Draw scores that are right more often than by chance."""
    rng = np.random.default_rng(seed)
    labels = np.arange(videos) % classes
    scores = rng.dirichlet(np.full(classes, 0.5), videos)
    scores[np.arange(videos), labels] += hint
    return Dump(scores / scores.sum(axis=1, keepdims=True), labels, None)


@pytest.mark.parametrize('bins', [1, 4, 15])
def test_calibration_error_is_the_sum_over_bins(bins):
    scores, labels, _ = draw(0)
    total = 0
    for b in range(bins):
        inside = [i for i in range(60) if b / bins < max(scores[i]) <= (b + 1) / bins]
        if inside:
            right = sum(scores[i].argmax() == labels[i] for i in inside) / len(inside)
            sure = sum(max(scores[i]) for i in inside) / len(inside)
            total += len(inside) / 60 * abs(right - sure)
    assert calibration_error(scores, labels, bins) == pytest.approx(total)
    logits = np.log(scores) + np.arange(60)[:, None] - 30
    assert calibration_error(logits, labels, bins) == pytest.approx(total)


@pytest.mark.parametrize('differences', [[1, 1, -1, 0, 3], [2, 2, 2, -3, 1, 0, 1], [0, 0], [-6]])
def test_sign_flips_are_all_counted(differences):
    flips = list(itertools.product([1, -1], repeat=len(differences)))
    observed = abs(sum(differences))
    sums = [abs(sum(s * d for s, d in zip(f, differences, strict=True))) for f in flips]
    expected = sum(s >= observed for s in sums) / len(flips)
    assert sign_flip_test(np.array(differences)) == pytest.approx(expected)


def test_sign_flips_of_one_seed_are_mcnemars():
    differences = np.repeat([1, -1, 0], [40, 19, 500])
    assert sign_flip_test(differences) == pytest.approx(binomtest(40, 59).pvalue)
    assert sign_flip_test(np.repeat([3, -2], [9000, 8000])) < 1e-9


def test_seeds_are_compared_by_welch():
    one, other = [0.5, 0.6, 0.7], [0.8, 0.82]
    assert 0.05 < seeds_test(one, other) < 0.1
    assert seeds_test(one, [0.9]) is None
    assert seeds_test([0.5, 0.5], [0.5, 0.5]) == 1
    assert seeds_test([0.5, 0.5], [0.6, 0.6]) == 0


def test_holm_is_the_step_down_rule():
    chances = np.random.default_rng(0).uniform(0, 0.2, 8)
    expected = []
    for p in chances:
        before = [q for q in chances if q <= p]
        expected.append(min(1, max(q * (8 - sum(r < q for r in chances)) for q in before)))
    assert holm(chances) == pytest.approx(expected)
    assert (holm(chances) >= false_discovery_control(chances) - 1e-12).all()
    assert holm([]).shape == (0,)


@pytest.fixture(scope='module')
def found():
    dumps = {'a': {0: draw(0), 1: draw(1)}, 'b': {0: draw(2, hint=0.6), 1: draw(3, hint=0.6)}}
    return Comparison(dumps, NAMES, groups=r'^\S+', parts={'new': [0, 7]})


class TestComparison:
    def test_values(self, found):
        scores, labels, _ = found.dumps['b'][1]
        values = found.values.loc['b', 1]
        assert values['top1'] == np.mean(scores.argmax(axis=1) == labels)
        assert values['ece'] == calibration_error(scores, labels)
        pairs = [scores[i, c] > scores[i, found.partners[c]] for i, c in enumerate(labels)]
        assert values['pairs'] == pytest.approx(np.mean(pairs))
        new = [i for i in range(60) if labels[i] in (0, 7)]
        assert values['new: top-1'] == np.mean([scores[i].argmax() == labels[i] for i in new])
        among = [(scores[i, 0] > scores[i, 7]) == (labels[i] == 0) for i in new]
        assert values['new: top-1 among them'] == np.mean(among)
        assert found.spreads['top1']['a'] == pytest.approx(
            np.std(found.values['top1']['a'], ddof=1)
        )

    def test_groups_are_the_toys_objects_and_motions(self, found):
        scores, labels, _ = found.dumps['a'][0]
        objects, motions, new = [], [], []
        for row, label in zip(scores, labels, strict=True):
            own = label // 6 * 6
            objects.append(NAMES[row.argmax()].split()[0] == NAMES[label].split()[0])
            motions.append(own + row[own : own + 6].argmax() == label)
            if label in (0, 7):
                new.append(motions[-1])
        values = found.values.loc['a', 0]
        assert values['group'] == pytest.approx(np.mean(objects))
        assert values['within_group'] == pytest.approx(np.mean(motions))
        assert values['new: right within the group'] == pytest.approx(np.mean(new))

    def test_partners_are_those_most_often_taken_for_it(self, found):
        for label in range(12):
            taken = [0.0] * 12
            for runs in found.dumps.values():
                for run in runs.values():
                    for score in run.scores[run.labels == label]:
                        taken[score.argmax()] += 1 / 2 / 2 / 5
            taken[label] = 0
            assert taken[found.partners[label]] == pytest.approx(max(taken))
            assert found.taken[label] == pytest.approx(max(taken))
        assert (np.diff(found.taken[found.pairs.index]) <= 0).all()

    def test_the_first_is_what_others_are_tested_against(self, found):
        row = found.tests.loc['b']
        sums = sum(
            sign * (run.scores.argmax(axis=1) == run.labels)
            for name, sign in (('a', -1), ('b', 1))
            for run in found.dumps[name].values()
        )
        assert row['p_videos'] == pytest.approx(sign_flip_test(sums.astype(int)), abs=1e-12)
        assert row['p'] == max(row['p_videos'], row['p_seeds'])
        assert row['verdict'] == ('better' if row['p'] < 0.05 else 'noise')
        same = Comparison({'a': {0: draw(0)}, 'again': {0: draw(0)}}, NAMES)
        assert same.tests.loc['again', ['difference', 'p', 'verdict']].tolist() == [0, 1, 'noise']
        assert math.isnan(same.tests.loc['again', 'p_seeds'])

    def test_seeds_may_differ_in_number(self):
        three = {seed: draw(0) for seed in range(3)}
        found = Comparison({'a': {0: draw(0)}, 'b': three}, NAMES)
        assert found.tests.loc['b', 'p_videos'] == 1

    def test_table_has_everything(self, found):
        cost = dict(params=5, flops=1, memory=None, clips_per_second=2.5, device='a CPU')
        table = found.table({'a': cost})
        rows = table[(table['model'] == 'a') & (table['measure'] == 'top1')]
        assert rows['class'].isna().sum() == 2
        assert rows['value'][rows['class'].notna()].tolist() == found.classes['a'].tolist()
        assert set(table['measure']) >= {'pairs', 'ece', 'p_videos', 'difference'}
        assert table.iloc[-3:]['measure'].tolist() == ['params', 'flops', 'clips_per_second']
        assert table.iloc[-3:]['value'].tolist() == [5, 1, 2.5]

    def test_group_that_is_in_no_class(self):
        with pytest.raises(MGDMError, match="'moon': finds nothing in the class 'circle moving"):
            Comparison({'a': {0: draw(0)}}, NAMES, groups='moon')
        for groups in ('(', 3):
            with pytest.raises(MGDMError, match='expected a regular expression'):
                Comparison({'a': {0: draw(0)}}, NAMES, groups=groups)

    @pytest.mark.parametrize('parts', [{'new': [0, 12]}, {'new': ['moon']}, {'new': 0}, [0, 1]])
    def test_parts_that_are_none(self, parts):
        with pytest.raises(MGDMError, match=r'\.parts .*expected a name with labels from 0 to 11'):
            divide(NAMES, parts=parts)
