"""The command: what it prints, and what it answers to mistakes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from mgdm_mmaction.errors import MGDMError
from tests.datasets.videos import write_video
from tests.negatives.inspection.files import random_rows, write

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'inspect_negatives.py'


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / 'n.jsonl', random_rows())


def test_figures_of_a_file(file, capsys):
    main([file])
    text = capsys.readouterr().out
    assert text.startswith(f'{file}: 40 videos, 4 negatives each, 8 labels, 5 of them classes')
    for title in ('Coverage', 'Scores', 'Most confused pairs', 'Jaccard', 'Labels as negatives'):
        assert title in text


def test_a_page_with_and_without_pictures(file, tmp_path, capsys):
    for path, *_ in random_rows()[:30]:
        write_video(tmp_path / 'v' / path, 0)
    out = tmp_path / 'sub' / 'page.html'
    main([file, '--html', str(out)])
    plain = out.read_text()
    main([file, '--html', str(out), '--videos', str(tmp_path / 'v'), '--overwrite'])
    text, printed = out.read_text(), capsys.readouterr().out
    assert plain.count('data:image/jpeg') == 0
    found, absent = text.count('data:image/jpeg'), text.count('no such file')
    assert (found + absent, found > absent > 0) == (19, True)
    assert f'{absent} of them could not be read and are grey.' in printed
    assert '19 of the 40 videos are shown: up to 6 of a class, drawn at random with seed 0.' in text
    assert not list(out.parent.glob('*.part'))


def test_a_comparison_and_its_page(file, tmp_path, capsys):
    other = write(tmp_path / 'm.jsonl', random_rows(1)[:20])
    main(['--compare', file, other])
    assert 'Videos: ' in (text := capsys.readouterr().out)
    main(['--compare', file, other, '--html', str(tmp_path / 'page.html')])
    assert text.splitlines()[0] in (tmp_path / 'page.html').read_text()


def test_a_large_page_says_so(file, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mgdm_mmaction.commands.inspect_negatives._LARGE', 1000)
    main([file, '--html', str(tmp_path / 'page.html')])
    assert 'fewer --per-class (now 6)' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ([], 'give one FILE, .* try: python tools/inspect_negatives.py'),
        (['nowhere.jsonl'], 'nowhere.jsonl: no such negatives file'),
        (['{other}'], 'this is no negatives file'),
        (['{file}', '--compare', '{file}', '{file}'], 'give one FILE, or --compare'),
        (['--compare', '{file}', '{file}', '--list', 'x'], '--list belongs to one FILE'),
        (['{file}', '--list', 'nowhere.txt'], '--list: .*no such annotation file'),
        (['{file}', '--videos', 'v'], '--videos: is about the page; add --html OUT'),
        (['{file}', '--overwrite'], '--overwrite: is about'),
        (['{file}', '--html', '{new}', '--videos', 'nowhere'], '--videos nowhere: no such folder'),
        (['{file}', '--html', '{other}'], 'exists already; add --overwrite'),
        (['{file}', '--html', '{file}', '--overwrite'], 'is the negatives file itself'),
        (['{file}', '--depth', '9'], '--depth 9: expected 1 to 4'),
        (['{file}', '--per-class', '0'], 'should be at least 1'),
        (['{file}', '--seed', '-1'], '--seed -1: expected 0 or more'),
        (['{file}', '--delimiter', ''], '--delimiter: is empty'),
        (['{file}', '--html', '{other}/page.html'], 'its folder cannot be made'),
        (['{file}', '--with-offset'], 'add --rawframes'),
    ],
)
def test_mistakes(file, tmp_path, options, message):
    other = tmp_path / 'other.json'
    other.write_text(json.dumps({'format': 'else'}) + '\n')
    names = {'file': file, 'other': other, 'new': tmp_path / 'new.html', 'folder': tmp_path}
    with pytest.raises(MGDMError, match=message):
        main([option.format(**names) for option in options])
    assert not (tmp_path / 'new.html').exists()


@pytest.mark.slow
def test_the_tool(file):
    """The thin command, on a terminal that knows no Unicode."""
    env = {'PYTHONIOENCODING': 'ascii', 'PATH': ''}
    done = subprocess.run(
        [sys.executable, str(TOOL), file], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert 'Labels as negatives' in done.stdout
