"""The comparison of two runs, counted again one video at a time."""

import math

import numpy as np
import pandas as pd
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation.confusions import RunComparison, describe_runs, mined_ranks
from mgdm_mmaction.mining.dumps import Dump
from tests.negatives.inspection.files import CLASSES, read_negatives, write


def random_runs(seed=0, videos=120):
    rng = np.random.default_rng(seed)
    labels = rng.integers(4, size=videos)  # the last class has no video
    runs = []
    for strength in (0.4, 0.6):
        scores = rng.random((videos, 5)) + strength * np.eye(5)[labels]
        runs.append(Dump(scores / scores.sum(1, keepdims=True), labels, None))
    return RunComparison(*runs, CLASSES)


def runs_of(labels, before, after, mined=None):
    """Runs that take the videos for these classes."""
    labels = np.array(labels)
    dumps = [Dump(np.eye(5)[np.array(guesses)], labels, None) for guesses in (before, after)]
    return RunComparison(*dumps, CLASSES, mined)


@pytest.mark.parametrize('seed', [0, 1])
def test_counts_equal_loops(seed):
    runs = random_runs(seed)
    found = [
        (label, *(max(range(5), key=lambda i: (row[i], -i)) for row in rows))
        for label, *rows in zip(runs.labels.tolist(), *runs.scores, strict=True)
    ]
    assert runs.fixed.sum() == sum(a != label == b for label, a, b in found) > 0
    assert runs.broken.sum() == sum(a == label != b for label, a, b in found) > 0
    wanted = []
    for i in range(5):
        for j in range(i + 1, 5):
            ends = [(la, a, b) for la, a, b in found if la in (i, j)]
            before = [b == la for la, a, b in ends if a in (i, j) and a != la]
            after = [a == la for la, a, b in ends if b in (i, j) and b != la]
            if before or after:
                counts = len(ends), len(before), len(after), sum(before), sum(after)
                change = len(after) - len(before)
                wanted.append([i, j, CLASSES[i], CLASSES[j], *counts, change])
    assert sorted(runs.pairs.to_numpy().tolist()) == wanted
    changes = runs.pairs['change'].tolist()
    assert changes == sorted(changes)
    assert runs.worsened(99)['change'].tolist() == sorted(c for c in changes if c > 0)[::-1]
    assert runs.improved(99)['change'].tolist() == [c for c in changes if c < 0]
    assert runs.worst(3)['after'].tolist() == sorted((row[6] for row in wanted), reverse=True)[:3]
    for row in runs.classes.itertuples():
        own = [(a == la, b == la) for la, a, b in found if la == row.label]
        counts = (row.videos, row.right_before, row.right_after)
        assert counts == (len(own), *(sum(side) for side in zip(*own, strict=True)))
        assert row.change == pytest.approx((row.right_after - row.right_before) / len(own))
    assert sorted(runs.classes['label']) == [0, 1, 2, 3]
    assert runs.classes['change'].is_monotonic_decreasing


def test_examples_are_of_the_pair_and_surest_first():
    runs = random_runs(2)
    for pair in runs.pairs.itertuples():
        ends = pair.first, pair.second
        found = {kind: runs.examples(ends, 99, kind) for kind in ('after', 'new', 'gone')}
        assert len(found['after']) == pair.after
        assert len(found['after']) - len(found['new']) == pair.before - len(found['gone'])
        for kind, rows in found.items():
            run = 0 if kind == 'gone' else 1
            leads = []
            for row in rows:
                label, guess = int(runs.labels[row]), int(runs.guesses[run][row])
                assert {label, guess} == {*ends}
                assert kind == 'after' or {label, int(runs.guesses[1 - run][row])} != {*ends}
                leads.append(runs.scores[run][row, guess] - runs.scores[run][row, label])
            assert leads == sorted(leads, reverse=True)
        assert runs.examples(ends, 1) == found['after'][:1]


@pytest.mark.parametrize(('fixed', 'broken'), [(0, 0), (5, 0), (8, 3), (4, 4), (640, 560)])
def test_sign_test(fixed, broken):
    number = fixed + broken
    before, after = [1] * fixed + [0] * (broken + 1), [0] * fixed + [1] * broken + [0]
    # Both tails, by adding up all outcomes that are no more even than this one.
    wanted = sum(
        math.comb(number, i)
        for i in range(number + 1)
        if abs(2 * i - number) >= abs(fixed - broken)
    )
    found = runs_of([0] * len(before), before, after).sign_test
    assert found == pytest.approx(wanted / 2**number)


def test_mined_negatives_beside_the_pairs(tmp_path):
    """Class 0 has jump and swim, class 1 has run; labels that are no class do not count."""
    rows = [('a.mp4', 0, [5, 1, 3]), ('b.mp4', 1, [0, 6, 7])]
    file = read_negatives(write(tmp_path / 'n.jsonl', rows))
    mined = mined_ranks(file, CLASSES, k=2)
    wanted = np.zeros((5, 5), int)
    wanted[0, 1], wanted[0, 3], wanted[1, 0] = 1, 2, 1
    np.testing.assert_array_equal(mined, wanted)
    runs = runs_of([0, 0, 0, 1], [1, 2, 0, 0], [0, 2, 3, 0], mined)
    assert runs.mined_shares() == pytest.approx(dict(before=2 / 3, after=2 / 3, fixed=1, broken=1))
    ranks = runs.pairs.set_index('other_class')[['mined_rank', 'mined_rank_back']]
    assert ranks.loc['jump'].tolist() == [1, 1]
    assert ranks.loc['dive'].isna().all()
    assert ranks.loc['swim'].tolist() == [2, pd.NA]
    text = describe_runs(runs)
    assert '67 % of the mistakes of the baseline' in text
    assert ['run', 'jump', '4', '2', '1', '1', '0', '-1', '1', '1'] in [
        line.split() for line in text.split('\n')
    ]
    with pytest.raises(MGDMError, match='mined for other classes'):
        mined_ranks(file, ['leap', *CLASSES[1:]])


@pytest.mark.parametrize('guesses', [[0, 1, 3], [0, 1, 2]])
def test_two_equal_runs(guesses):
    text = describe_runs(runs_of([0, 1, 2], guesses, guesses))
    assert '0 videos fixed, 0 broken' in text
    assert text.count('  none') == (4 if guesses == [0, 1, 2] else 3)
    assert '(0 of 3 changed' in text
