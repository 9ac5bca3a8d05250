"""docs/api/: every registered class is there, and every name of the packages that users call."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'mgdm_mmaction'
PAGES = ROOT / 'docs' / 'api'
USED = 'apis datasets engine engine.hooks evaluation export mining models negatives visualization'


def _name(module, attribute):
    """Return where a thing is defined; a constant knows only where it was found."""
    thing = getattr(module, attribute)
    return f'{getattr(thing, "__module__", module.__name__)}.{attribute}'


@pytest.fixture(scope='module')
def documented():
    """Names of what the pages document, all of which must exist."""
    found = set()
    for page in sorted(PAGES.glob('*.md')):
        text = page.read_text(encoding='utf-8')
        for kind, name in re.findall(r'^\.\. auto(\w+):: ([\w.]+)$', text, re.MULTILINE):
            module, attribute = (name, None) if kind == 'module' else name.rsplit('.', 1)
            module = importlib.import_module(module)
            found |= {_name(module, n) for n in ([attribute] if attribute else module.__all__)}
    return found


def test_every_registered_class_is_documented(documented):
    registered = set()
    for path in PACKAGE.rglob('*.py'):
        module = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            decorators = map(ast.unparse, getattr(node, 'decorator_list', ()))
            if any('.register_module' in decorator for decorator in decorators):
                registered.add(f'{module}.{node.name}')

    assert len(registered) >= 19
    assert sorted(registered - documented) == []


@pytest.mark.parametrize('name', USED.split())
def test_every_public_name_of_a_package_is_documented(documented, name):
    module = importlib.import_module(f'mgdm_mmaction.{name}')

    assert sorted({_name(module, n) for n in module.__all__} - documented) == []
