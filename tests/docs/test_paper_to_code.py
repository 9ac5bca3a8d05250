"""docs/paper_to_code.md: its files and functions exist, and their docstrings cite the equations."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / 'docs' / 'paper_to_code.md'
ROWS = re.findall(
    r'^\|([^|]*)\|.*\[[^]]*\]\(([^)]*)\)\s*\|\s*`([\w.]+)`\s*\|$',
    PAGE.read_text(encoding='utf-8'),
    re.MULTILINE,
)
# "eq. 4-9", "eq. 4, 15 and 16", "eq. 14 and 18"
CITED = re.compile(r'\beq\. (\d+(?:-\d+)?(?:(?:, | and )\d+(?:-\d+)?)*)', re.IGNORECASE)


def equations(text):
    """Return the numbers that a text cites."""
    ranges = [r for cited in CITED.findall(text) for r in re.findall(r'(\d+)(?:-(\d+))?', cited)]
    return {n for first, last in ranges for n in range(int(first), int(last or first) + 1)}


@pytest.mark.parametrize(('what', 'file', 'name'), ROWS, ids=[row[2] for row in ROWS])
def test_what_a_row_names_exists_and_cites_its_equations(what, file, name):
    node = ast.parse((PAGE.parent / file).read_text(encoding='utf-8'))
    for part in name.split('.'):
        found = (n for n in node.body if getattr(n, 'name', None) == part)
        node = next(found, None)
        assert node is not None, f'{file} has no {name}'
    assert equations(what) <= equations(ast.get_docstring(node) or '')


def test_every_equation_of_the_method_has_a_row():
    assert set().union(*(equations(what) for what, _, _ in ROWS)) == set(range(4, 19))
