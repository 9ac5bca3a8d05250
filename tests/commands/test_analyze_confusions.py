"""The comparison of two runs as a command: what it writes, and what is refused."""

import pandas as pd
import pytest
import torch
from mmengine.fileio import dump

from mgdm_mmaction.commands.analyze_confusions import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining.dumps import read_dump
from tests.apis.conftest import CONFIG, toy

__all__ = ['toy']


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
    rows = [line.split() for line in out.split('\n')]
    assert [*classes[2].split(), '1', '1', '0', '-100'] in rows
    names = {'index.html', 'changes.png', 'pairs.csv', 'classes.csv'}
    assert {path.name for path in (tmp_path / 'out').iterdir()} == names
    table = pd.read_csv('out/pairs.csv')
    assert table['change'].tolist() == [-1, -1, -1, -1, 0, 0]
    pair = table[table['class'] == classes[2]].iloc[0]
    counts = pair[['videos', 'before', 'after', 'fixed', 'broken']].tolist()
    assert (pair['other_class'], counts) == (classes[3], [2, 1, 1, 1, 1])
    assert pd.read_csv('out/classes.csv')['right_after'].sum() == 10
    with pytest.raises(MGDMError, match='index.html: exists already; add --overwrite'):
        compare()
    compare('--overwrite', '--dpi', '50')


def test_videos_that_are_gone_are_grey(runs, toy, capsys):
    path = toy.root / 'videos' / runs[1][0]
    away = path.with_suffix('.away')
    path.rename(away)
    try:
        compare('--dpi', '50')
    finally:
        away.rename(path)
    assert '1 of 6 example videos could not be read and are grey' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('case', 'message'),
    [
        ('shorter', 'one.pkl has 12 videos, two.pkl has 11. Test both'),
        ('order', 'video 0 has label 0 in one.pkl, but label 11 in two.pkl: these are different'),
        ('list', 'video 0 has label 11 in one.pkl, but label 0 in the test list of'),
        ('paths', 'video 3 has elsewhere/.*0007.mp4 in two.pkl, but .*0000.mp4 in the test list'),
    ],
)
def test_dumps_that_do_not_belong_together(runs, case, message):
    labels = [int(label) for _, label in runs]
    if case == 'shorter':
        write_run('two.pkl', runs[1:], labels[1:])
    elif case == 'paths':
        path, label = runs[3]
        renamed = [*runs[:3], [path.replace('0000', '0007'), label], *runs[4:]]
        write_run('two.pkl', renamed, labels, paths=True)
    else:
        for name in ('one.pkl', 'two.pkl')[case == 'order' :]:
            write_run(name, runs[::-1], labels)
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
        (['--number', '0'], '--number should be at least 1'),
        (['--dpi', '1'], '--dpi 1: expected'),
        (['--out', 'one.pkl'], 'one.pkl/index.html: its folder cannot be made'),
        (['--negatives', 'gone.jsonl'], 'negatives file gone.jsonl does not exist'),
        (['--config', 'gone.py'], 'the config gone.py does not exist'),
        (['--font', 'gone.ttf'], 'gone.ttf'),
    ],
)
def test_mistakes(runs, args, message):
    with pytest.raises(MGDMError, match=message):
        compare(*args)
