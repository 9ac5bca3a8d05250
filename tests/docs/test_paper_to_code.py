"""docs/paper_to_code.md: its files and functions exist, and say the equation themselves."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'paper_to_code.md'
EQUATIONS = set(range(4, 19))

_ROW = re.compile(
    r'\|(?P<what>[^|]*)\|(?:[^|]*\|)?'
    r'\s*\[(?P<text>[^]]*)\]\((?P<file>[^)]*)\)\s*\|\s*`(?P<name>[\w.]+)`\s*\|$'
)
# "eq. 4-9", "eq. 4, 15 and 16", "eq. 14 and 18"
_CITED = re.compile(r'\beq\. (\d+(?:-\d+)?(?:(?:, | and )\d+(?:-\d+)?)*)', re.IGNORECASE)

pytestmark = pytest.mark.skipif(not PAGE.exists(), reason='no sources here')


def _equations(text):
    """Return the numbers that a text cites; none if it cites no equation."""
    numbers = set()
    for cited in _CITED.findall(text):
        for first, last in re.findall(r'(\d+)(?:-(\d+))?', cited):
            numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


def _docstring(path, name):
    """Return the docstring of ``function`` or ``Class.method``, None if there is none such."""
    node = ast.parse(path.read_text(encoding='utf-8'))
    for part in name.split('.'):
        named = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.ClassDef))
        node = next((n for n in named if n.name == part), None)
        if node is None:
            return None
    return ast.get_docstring(node) or ''


def _problems(page):
    """Yield what is wrong with the tables of a page."""
    seen = set()
    lines = page.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines, 1):
        if not line.startswith('| ') or '](' not in line:
            continue
        row = _ROW.match(line)
        if row is None:
            yield f'line {number} is no row of "what | says | [file](file) | `name`"'
            continue
        path = page.parent / row['file']
        if not path.is_file():
            yield f'line {number}: {row["file"]} does not exist'
            continue
        if not row['file'].endswith(row['text']):
            yield f'line {number}: {row["text"]} is not what the link leads to'
        docstring = _docstring(path, row['name'])
        if docstring is None:
            yield f'line {number}: {row["text"]} has no {row["name"]}'
            continue
        promised = _equations(row['what'])
        missing = promised - _equations(docstring)
        if missing:
            yield (
                f'line {number}: the docstring of {row["name"]} does not cite eq. '
                f'{", ".join(map(str, sorted(missing)))}'
            )
        seen |= promised
    for equation in sorted(EQUATIONS - seen):
        yield f'eq. {equation} is in no row'
    if seen - EQUATIONS:
        yield f'the method has no equation {sorted(seen - EQUATIONS)}'


def test_the_page_is_true():
    assert list(_problems(PAGE)) == []


@pytest.mark.parametrize(
    ('old', 'new', 'problem'),
    [
        ('models/similarity.py)', 'models/similar.py)', 'similar.py does not exist'),
        ('`FrozenClip.scores`', '`FrozenClip.score`', 'has no FrozenClip.score'),
        ('`rank_negatives`', '`allowed_labels`', 'allowed_labels does not cite eq. 12'),
        ('| eq. 13-14 |', '| eq. 14 |', 'eq. 13 is in no row'),
        ('| eq. 17-18 |', '| eq. 17-19 |', 'does not cite eq. 19'),
        ('`MGDM.loss` |', 'MGDM.loss |', 'is no row of'),
    ],
)
def test_what_is_wrong_is_told(tmp_path, old, new, problem):
    page = tmp_path / 'docs' / 'page.md'
    page.parent.mkdir()
    (tmp_path / 'mgdm_mmaction').symlink_to(ROOT / 'mgdm_mmaction')
    text = PAGE.read_text(encoding='utf-8')
    assert old in text
    page.write_text(text.replace(old, new), encoding='utf-8')

    assert any(problem in told for told in _problems(page))


def test_citations_are_understood():
    assert _equations('MGDM, eq. 4, 15 and 16 (DOI 10.11959/j). 17 frames.') == {4, 15, 16}
    assert _equations('eq. 4-6, and eq. 14 and 18-19') == {4, 5, 6, 14, 18, 19}
    assert _equations('Equation 4') == set()
