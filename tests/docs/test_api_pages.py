"""docs/api/: every registered class is there, and every name of the packages that users call."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / 'mgdm_mmaction'
PAGES = ROOT / 'docs' / 'api'
# What users call; those of them that exist.
USED = (
    'apis',
    'datasets',
    'engine',
    'engine.hooks',
    'evaluation',
    'export',
    'inference',
    'mining',
    'models',
    'negatives',
    'visualization',
)

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason='no sources here')


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
        for kind, name, options in re.findall(
            r'^\.\. auto(\w+):: ([\w.]+)\n((?: +:.*\n)*)', text, re.MULTILINE
        ):
            if kind == 'module':
                module = importlib.import_module(name)
                left_out = re.search(r':exclude-members: (.*)', options)
                left_out = re.split(r',\s*', left_out[1]) if left_out else []
                found |= {_name(module, n) for n in module.__all__ if n not in left_out}
            else:
                module, _, attribute = name.rpartition('.')
                found.add(_name(importlib.import_module(module), attribute))
    return found


def _registered():
    """Yield the classes that the package puts into a registry, found in its text."""
    for path in sorted(PACKAGE.rglob('*.py')):
        module = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                decorators = map(ast.unparse, node.decorator_list)
                if any('.register_module' in decorator for decorator in decorators):
                    yield f'{module}.{node.name}'


def test_every_registered_class_is_documented(documented):
    registered = set(_registered())

    assert len(registered) >= 19
    assert sorted(registered - documented) == []


def test_every_public_name_of_the_packages_is_documented(documented):
    public = set()
    for name in USED:
        if not (PACKAGE / name.replace('.', '/') / '__init__.py').exists():
            continue
        module = importlib.import_module(f'mgdm_mmaction.{name}')
        public |= {_name(module, n) for n in module.__all__}

    assert len(public) >= 50
    assert sorted(public - documented) == []


def test_the_index_lists_every_page():
    text = (PAGES / 'index.md').read_text(encoding='utf-8')
    listed = set(re.findall(r'^(\w+)$', text, re.MULTILINE))

    assert listed == {page.stem for page in PAGES.glob('*.md')} - {'index'}
    assert all(f']({name}.md)' in text for name in listed)
