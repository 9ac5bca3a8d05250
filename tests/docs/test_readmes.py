"""The Chinese README says what the English one says: sections, commands, options, links."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests import doc_pages

ROOT = Path(__file__).resolve().parents[2]
ENGLISH, CHINESE = ROOT / 'README.md', ROOT / 'README_zh-CN.md'

_COMMAND = re.compile(
    r'(?:[A-Z_]+=\S+ )*(?:python|pip|make|git|mim|torchrun|srun|bash|docker|chromium'
    r'|(?:\./)?tools/[\w/]+\.(?:sh|py))\b'
)

pytestmark = pytest.mark.skipif(not CHINESE.exists(), reason='no sources here')


def _sections(path):
    """Return the headings and, of each section, its text; code is not searched for headings."""
    lines = path.read_text(encoding='utf-8').splitlines()
    fenced, sections = False, []
    for line in lines:
        if line.startswith('```'):
            fenced = not fenced
        heading = None if fenced else re.match(r'(#+) (.*)', line)
        if heading:
            sections.append((len(heading[1]), heading[2], []))
        elif sections:
            sections[-1][2].append(line)
    return [(level, title, '\n'.join(text)) for level, title, text in sections]


def _block_lines(text):
    """Yield the lines of code blocks, continued ones joined, without comments."""
    pending, fenced = '', False
    for line in text.splitlines():
        if line.startswith('```'):
            fenced = not fenced
        elif fenced and line.rstrip().endswith('\\'):
            pending += line.strip()[:-1]
        elif fenced:
            yield ' '.join(re.split(r'(?:^|\s)#\s', pending + line)[0].split())
            pending = ''


def _commands(text):
    return [line for line in _block_lines(text) if _COMMAND.match(line)]


def _python(text):
    blocks = (block for _, block in doc_pages.blocks(text, 'python'))
    return [re.split(r'\s*#\s', line)[0] for block in blocks for line in block.splitlines()]


def _inline(text):
    prose = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)
    return [' '.join(piece.split()) for piece in re.findall(r'`([^`]+)`', prose)]


def _links(text):
    prose = re.sub(r'^```.*?^```', '', text, flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r'\]\(([^)\s]+)\)', prose)
    return [target for target in targets if target not in (ENGLISH.name, CHINESE.name)]


def _drift(english, chinese):
    """Yield what one README has and the other lacks."""
    ours, theirs = _sections(english), _sections(chinese)
    if [level for level, *_ in ours] != [level for level, *_ in theirs]:
        titles = ' / '.join(f'{a[1]} = {b[1]}' for a, b in zip(ours, theirs, strict=False))
        yield f'{len(ours)} sections in English, {len(theirs)} in Chinese; in order: {titles}'
        return
    for (_, title, ours_text), (_, translated, theirs_text) in zip(ours, theirs, strict=True):
        where = f'"{title}" ("{translated}")'
        for what, find in (
            ('the command', _commands),
            ('the line of Python', _python),
            ('the code', _inline),
            ('the link', _links),
        ):
            a, b = find(ours_text), find(theirs_text)
            for one in (Counter(a) - Counter(b)).elements():
                yield f'{where}: {what} {one!r} is missing in {chinese.name}'
            for one in (Counter(b) - Counter(a)).elements():
                yield f'{where}: {what} {one!r} is missing in {english.name}'
            if sorted(a) == sorted(b) and a != b and find in (_commands, _python):
                yield f'{where}: {what}s come in another order: {a} and {b}'
        for what, pattern in (('rows of tables', r'^\|'), ('points', r'^- '), ('blocks', r'^```')):
            a, b = (len(re.findall(pattern, t, re.MULTILINE)) for t in (ours_text, theirs_text))
            if a != b:
                yield f'{where}: {a} {what} in English, {b} in Chinese'


def test_nothing_is_in_one_language_alone():
    problems = list(_drift(ENGLISH, CHINESE))

    assert not problems, '\n' + '\n'.join(problems)
    assert len([c for _, _, text in _sections(CHINESE) for c in _commands(text)]) >= 12


def test_the_translation_is_chinese_and_leads_back():
    text = CHINESE.read_text(encoding='utf-8')

    assert f'[English]({ENGLISH.name})' in text.split('\n## ')[0]
    assert f'({CHINESE.name})' in ENGLISH.read_text(encoding='utf-8').split('\n## ')[0]
    for _, title, section in _sections(CHINESE)[1:]:
        assert re.search(r'[\u4e00-\u9fff]', title), title
        assert len(re.findall(r'[\u4e00-\u9fff]', section)) >= 5, title


@pytest.mark.parametrize(
    ('old', 'new', 'told'),
    [
        ('--config configs/custom/mgdm_custom.py --workers 8', '--workers 8', 'check_videos.py'),
        ('make test\n```', '```', "the command 'make test' is missing in zh.md"),
        ('## 许可证\n', '', 'sections in English'),
        ('`neck.normalize_video`', '', "the code 'neck.normalize_video' is missing in zh.md"),
        ('](docs/recipe.md)', '](docs/data.md)', "the link 'docs/recipe.md' is missing in zh.md"),
        ('top_k=3)', 'top_k=5)', 'the line of Python'),
        ('| 温度系数 |', '温度系数 |', 'rows of tables'),
    ],
)
def test_drift_is_told(tmp_path, old, new, told):
    text = CHINESE.read_text(encoding='utf-8')
    assert old in text
    changed = tmp_path / 'zh.md'
    changed.write_text(text.replace(old, new), encoding='utf-8')

    assert any(told in problem for problem in _drift(ENGLISH, changed))


def test_commands_in_another_order_are_told(tmp_path):
    text = CHINESE.read_text(encoding='utf-8')
    changed = tmp_path / 'zh.md'
    changed.write_text(
        text.replace('\nmake test\n```', '\nmake\n```')
        .replace('\nmake demo ', '\nmake test ')
        .replace('\nmake\n```', '\nmake demo\n```'),
        encoding='utf-8',
    )

    assert any('another order' in problem for problem in _drift(ENGLISH, changed))
