"""The command: what it prints, and what it answers to mistakes."""

import json

import pytest

from mgdm_mmaction.commands.inspect_negatives import main
from mgdm_mmaction.errors import MGDMError
from tests.datasets.videos import write_video
from tests.negatives.inspection.files import random_rows, write


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / 'n.jsonl', random_rows())


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
    assert '19 of the 40 videos are shown: up to 6 of a class, drawn at random.' in text
    assert not list(out.parent.glob('*.part'))


def test_a_comparison_and_its_page(file, tmp_path, capsys):
    other = write(tmp_path / 'm.jsonl', random_rows(1)[:20])
    main(['--compare', file, other])
    assert 'Videos: ' in (text := capsys.readouterr().out)
    main(['--compare', file, other, '--html', str(tmp_path / 'page.html')])
    assert text.splitlines()[0] in (tmp_path / 'page.html').read_text()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ([], 'give one FILE, .* try: python tools/inspect_negatives.py'),
        (['nowhere.jsonl'], 'negatives file nowhere.jsonl does not exist'),
        (['{file}', '--compare', '{file}', '{file}'], 'give one FILE, or --compare'),
        (['--compare', '{file}', '{file}', '--list', 'x'], '--list belongs to one FILE'),
        (['{file}', '--videos', 'v'], '--videos: is about the page; add --html OUT'),
        (['{file}', '--html', '{new}', '--videos', '{folder}'], 'none of the 19 videos drawn'),
        (['{file}', '--html', '{new}', '--videos', 'nowhere'], '--videos nowhere: no such folder'),
        (['{file}', '--html', '{other}'], 'exists already; add --overwrite'),
        (['{file}', '--html', '{file}', '--overwrite'], 'is the negatives file itself'),
        (['{file}', '--depth', '9'], '--depth 9: expected 1 to 4'),
        (['{file}', '--delimiter', ''], '--delimiter: is empty'),
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
