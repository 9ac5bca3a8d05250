"""The comparison of two runs, counted again one video at a time, and what is refused."""

import csv
import math

import numpy as np
import pytest
import torch
from mmengine.fileio import dump
from PIL import Image

from mgdm_mmaction.commands.analyze_confusions import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation.confusions.comparison import PairChange, RunComparison
from mgdm_mmaction.evaluation.confusions.mined import mined_ranks
from mgdm_mmaction.evaluation.confusions.text import describe_runs
from mgdm_mmaction.mining.dumps import Dump, read_dump
from tests.apis.conftest import CONFIG, toy
from tests.inspection.files import CLASSES, read_negatives, write

__all__ = ['toy']


def random_runs(seed=0, videos=120, classes=5):
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes - 1, size=videos)  # the last class has no video
    runs = []
    for strength in (0.4, 0.6):
        scores = rng.random((videos, classes)) + strength * np.eye(classes)[labels]
        runs.append(Dump(scores / scores.sum(1, keepdims=True), labels, None))
    return runs


def guess(scores):
    return max(range(len(scores)), key=lambda i: (scores[i], -i))


@pytest.mark.parametrize('seed', [0, 1])
def test_counts_equal_loops(seed):
    before, after = random_runs(seed)
    runs = RunComparison(before, after)
    labels = before.labels.tolist()
    told = [
        (label, guess(list(a)), guess(list(b)))
        for label, a, b in zip(labels, before.scores, after.scores, strict=True)
    ]
    assert runs.fixed.sum() == sum(a != label == b for label, a, b in told) > 0
    assert runs.broken.sum() == sum(a == label != b for label, a, b in told) > 0
    wanted = []
    for i in range(5):
        for j in range(i + 1, 5):
            ends = [(la, a, b) for la, a, b in told if la in (i, j)]
            mixed_before = [(la, a, b) for la, a, b in ends if a in (i, j) and a != la]
            mixed_after = [(la, a, b) for la, a, b in ends if b in (i, j) and b != la]
            fixed = sum(b == la for la, _, b in mixed_before)
            broken = sum(a == la for la, a, _ in mixed_after)
            if mixed_before or mixed_after:
                counts = len(mixed_before), len(mixed_after)
                wanted.append(PairChange(i, j, len(ends), *counts, fixed, broken))
    assert sorted(runs.pairs) == sorted(wanted)
    changes = [pair.change for pair in runs.pairs]
    assert changes == sorted(changes)
    assert [p.change for p in runs.worsened(99)] == sorted([c for c in changes if c > 0])[::-1]
    assert [p.change for p in runs.improved(99)] == sorted(c for c in changes if c < 0)
    left = [pair.after for pair in runs.worst(3)]
    assert left == sorted((p.after for p in wanted), reverse=True)[:3]
    # Every video with a mistake is one of one pair, and so is every change of a class.
    assert sum(p.after for p in wanted) == sum(la != b for la, _, b in told)
    for c in runs.classes:
        own = [(a == la, b == la) for la, a, b in told if la == c.label]
        assert c[1:] == (len(own), sum(a for a, _ in own), sum(b for _, b in own))
    assert [c.label for c in sorted(runs.classes)] == [0, 1, 2, 3]


def test_examples_are_of_the_pair_and_surest_first():
    runs = RunComparison(*random_runs(2))
    for pair in runs.pairs:
        ends = {pair.first, pair.second}
        found = {kind: runs.examples(pair, 99, kind) for kind in ('after', 'new', 'gone')}
        assert len(found['after']) == pair.after
        assert len(found['after']) - len(found['new']) == pair.before - len(found['gone'])
        for kind, rows in found.items():
            run = 0 if kind == 'gone' else 1
            leads = []
            for row in rows:
                label, said = int(runs.labels[row]), int(runs.guesses[run][row])
                assert {label, said} == ends
                other = {label, int(runs.guesses[1 - run][row])}
                assert kind == 'after' or other != ends
                leads.append(runs.scores[run][row, said] - runs.scores[run][row, label])
            assert leads == sorted(leads, reverse=True)
        assert runs.examples(pair, 1) == found['after'][:1]


def outcome(fixed, broken):
    """Runs with so many videos fixed and broken."""
    total = fixed + broken + 1
    right, wrong = np.eye(2)[0], np.eye(2)[1]
    before = np.array([wrong] * fixed + [right] * (broken + 1))
    after = np.array([right] * fixed + [wrong] * broken + [right])
    labels = np.zeros(total, dtype=int)
    return RunComparison(Dump(before, labels, None), Dump(after, labels, None))


@pytest.mark.parametrize(('fixed', 'broken'), [(0, 0), (5, 0), (8, 3), (4, 4), (1, 9)])
def test_sign_test(fixed, broken):
    number = fixed + broken
    # Both tails, by adding up all outcomes that are no more even than this one.
    wanted = sum(
        math.comb(number, i) / 2**number
        for i in range(number + 1)
        if abs(2 * i - number) >= abs(fixed - broken)
    )
    assert outcome(fixed, broken).sign_test == pytest.approx(wanted)


def test_sign_test_of_a_large_list():
    exact = 2 * sum(math.comb(1200, i) for i in range(561)) / 2**1200
    assert outcome(640, 560).sign_test == pytest.approx(exact, rel=0.01)


def test_mined_negatives_beside_the_pairs(tmp_path):
    """Class 0 has jump and swim, class 1 has run; labels that are no class do not count."""
    rows = [('a.mp4', 0, [5, 1, 3]), ('b.mp4', 1, [0, 6, 7])]
    file = read_negatives(write(tmp_path / 'n.jsonl', rows))
    mined = mined_ranks(file, CLASSES, k=2)
    wanted = np.zeros((5, 5), int)
    wanted[0, 1], wanted[0, 3], wanted[1, 0] = 1, 2, 1
    np.testing.assert_array_equal(mined.ranks, wanted)

    def pair(i, j):
        return mined.describe(PairChange(i, j, 0, 0, 0, 0, 0))

    assert pair(0, 1) == 'mined both ways, ranks 1 and 1'
    assert pair(0, 3) == 'mined one way, rank 2'
    assert pair(2, 3) == 'not mined'
    labels = np.array([0, 0, 0, 1])
    before = Dump(np.eye(5)[[1, 2, 0, 0]], labels, None)
    after = Dump(np.eye(5)[[0, 2, 3, 0]], labels, None)
    runs = RunComparison(before, after)
    assert mined.shares(runs) == dict(before=(2, 3), after=(2, 3), fixed=(1, 1), broken=(1, 1))
    text = describe_runs(runs, CLASSES, mined)
    assert '67 % of the mistakes of the baseline' in text
    assert 'run / jump: 2 -> 1 of 4 videos (1 fixed, 0 broken; mined both ways' in text
    with pytest.raises(MGDMError, match='mined for other classes'):
        mined_ranks(file, ['leap', *CLASSES[1:]])


def test_two_equal_runs():
    run = random_runs()[0]
    text = describe_runs(RunComparison(run, run), CLASSES)
    assert '0 videos fixed, 0 broken' in text
    assert text.count('  none') == 3
    assert '(0 of 4 changed)' in text


@pytest.fixture
def runs(toy, monkeypatch, tmp_path):
    """Two dumps of the toy's test list, and how to compare them."""
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)
    lines = (toy.root / 'val_list.txt').read_text().splitlines()
    rows = [line.rsplit(' ', 1) for line in lines]
    # The baseline takes every odd class for the one before; the other run errs on 1 and on 2.
    labels = [int(label) for _, label in rows]
    write_run('one.pkl', rows, [label - label % 2 for label in labels])
    write_run('two.pkl', rows, [{1: 0, 2: 3}.get(label, label) for label in labels])
    return rows


def write_run(path, rows, guesses, classes=12, paths=False):
    samples = []
    for (name, label), said in zip(rows, guesses, strict=True):
        score = torch.full((classes,), 0.1 / (classes - 1))
        score[said] = 0.9
        named = dict(filename=f'elsewhere/{name}') if paths else {}
        samples.append(dict(pred_score=score, gt_label=torch.tensor([int(label)]), **named))
    dump(samples, str(path))


def compare(*args, one='one.pkl', two='two.pkl'):
    main([one, two, '--config', CONFIG, '--out', 'out', *args])


def test_command(runs, toy, tmp_path, capsys):
    compare('--negatives', str(toy.root / 'negatives.jsonl'), '--dpi', '50')
    out = capsys.readouterr().out
    assert 'top-1 50.00 % -> 83.33 % (+33.33), 12 videos of 12 classes' in out
    assert '5 videos fixed, 1 broken, 5 right in both, 1 wrong in both; sign test p = 0.22' in out
    classes = (toy.root / 'classes.txt').read_text().splitlines()
    assert f'{classes[2]}: 1 -> 0 of 1 right (-100 points)' in out
    names = {'index.html', 'changes.png', 'examples.png', 'pairs.csv', 'classes.csv'}
    assert {path.name for path in (tmp_path / 'out').iterdir()} == names
    with open('out/pairs.csv', encoding='utf-8') as file:
        table = list(csv.DictReader(file))
    assert len(table) == 6
    assert [int(row['change']) for row in table] == [-1, -1, -1, -1, 0, 0]
    pair = next(row for row in table if row['class'] == classes[2])
    counts = [int(pair[key]) for key in ('videos', 'before', 'after', 'fixed', 'broken')]
    assert (pair['other_class'], counts) == (classes[3], [2, 1, 1, 1, 1])
    with open('out/classes.csv', encoding='utf-8') as file:
        assert sum(int(row['right_after']) for row in csv.DictReader(file)) == 10
    assert Image.open('out/examples.png').size[0] > 200
    with pytest.raises(MGDMError, match='has index.html, .* already; add --overwrite'):
        compare()
    # What does not belong to the new results goes: here no mistake is left for examples.png.
    write_run('two.pkl', runs, [int(label) for _, label in runs])
    (tmp_path / 'out' / 'mine.txt').write_text('stays')
    compare('--overwrite', '--dpi', '50')
    assert {path.name for path in (tmp_path / 'out').iterdir()} == names - {'examples.png'} | {
        'mine.txt'
    }


def test_videos_that_are_gone_are_grey_and_told(runs, toy, capsys):
    path = toy.root / 'videos' / runs[1][0]
    away = path.with_suffix('.away')
    path.rename(away)
    try:
        compare('--dpi', '50')
    finally:
        away.rename(path)
    assert '1 of 6 example videos could not be read and are grey' in capsys.readouterr().out


@pytest.mark.parametrize('case', ['shorter', 'order', 'classes', 'list', 'paths', 'none', 'junk'])
def test_dumps_that_do_not_belong_together(runs, case, tmp_path):
    labels = [int(label) for _, label in runs]
    message = {
        'shorter': 'one.pkl has 12 videos, two.pkl has 11. Test both',
        'order': 'video 0 has label 0 in one.pkl, but 11 in two.pkl: these are different lists',
        'classes': 'two.pkl: has scores of 9 classes, but the config has 12',
        'list': r'video 0 has label 11 in one.pkl, but 0 in the test list of',
        'paths': r'video 3 is elsewhere/.*0007.mp4 in two.pkl, but .*0000.mp4 in the test list',
        'none': 'two.pkl: no such file. Write it: tools/test.py',
        'junk': 'two.pkl: is no dump of a test run',
    }[case]
    turned = runs[::-1]
    if case == 'shorter':
        write_run('two.pkl', runs[1:], labels[1:])
    elif case == 'order':
        write_run('two.pkl', turned, labels)
    elif case == 'classes':
        write_run('two.pkl', runs, [0] * 12, classes=9)
    elif case == 'list':
        write_run('one.pkl', turned, labels)
        write_run('two.pkl', turned, labels)
    elif case == 'paths':
        renamed = [
            [p.replace('0000', '0007') if i == 3 else p, la] for i, (p, la) in enumerate(runs)
        ]
        write_run('two.pkl', renamed, labels, paths=True)
    elif case == 'none':
        (tmp_path / 'two.pkl').unlink()
    else:
        (tmp_path / 'two.pkl').write_text('junk')
    with pytest.raises(MGDMError, match=message):
        compare()


def test_dumps_with_paths_below_another_folder(runs):
    write_run('two.pkl', runs, [int(label) for _, label in runs], paths=True)
    assert read_dump('two.pkl', 12).paths[0].startswith('elsewhere/')
    assert read_dump('one.pkl', 12).paths is None
    compare('--dpi', '50')


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['--number', '0'], '--number should be 1 to 100'),
        (['--dpi', '1'], '--dpi 1: expected'),
        (['--out', 'one.pkl'], 'one.pkl: is a file; name a folder'),
        (['--negatives', 'gone.jsonl'], 'gone.jsonl: no such negatives file'),
        (['--config', 'gone.py'], 'the config gone.py does not exist'),
        (['--font', 'gone.ttf'], 'gone.ttf'),
    ],
)
def test_mistakes(runs, args, message):
    with pytest.raises(MGDMError, match=message):
        compare(*args)
