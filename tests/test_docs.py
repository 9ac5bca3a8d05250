"""The documentation keeps its word: links, files and commands with their options exist."""

import argparse
import ast
import importlib
import re
import runpy
import sys
from functools import cache
from pathlib import Path

import pytest

from tests import doc_pages

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted(p for p in [*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md')] if p.is_file())
# Where a path in the text may begin, and which of its files are then ours for sure: a folder of
# data has the names of our config folders.
BASES = {
    ROOT: re.compile(r'(configs|docs|mgdm_mmaction|tests|tools|\.ci)/'),
    ROOT / 'mgdm_mmaction': re.compile(r'.*\.py$'),
    ROOT / 'configs': re.compile(r'.*\.py$'),
}
SHELL_TOOLS = {'train': 'tools/train.py', 'test': 'tools/test.py'}

page = pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())


def _tell(path, problems):
    where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    assert not problems, '\n' + '\n'.join(f'{where}:{line}: {text}' for line, text in problems)


# Links


def _link_problems(path):
    for line, target in doc_pages.links(path.read_text(encoding='utf-8')):
        name, _, anchor = target.partition('#')
        found = (path.parent / name) if name else path
        if not found.exists():
            yield line, f'the link {target} leads nowhere'
        elif anchor and anchor not in doc_pages.anchors(found.read_text(encoding='utf-8')):
            yield line, f'the link {target}: no such heading in {found.name}'


@page
def test_links_lead_somewhere(page):
    _tell(page, list(_link_problems(page)))


# Paths


def _is_placeholder(path):
    """Whether a path stands for one of the reader's: data/, work_dirs/, MY_CONFIG.py, my_*.py."""
    if re.match(r'(\./)?(data|work_dirs)(/|$)', path) or re.search(r'[<$]', path):
        return True
    if re.match(r'docs/', path):  # pages may have names in capitals
        return False
    return any(re.match(r'my[._-]|[A-Z_]{3,}(\.|$)', part) for part in path.split('/'))


def _alternatives(path):
    """Expand ``a{b,c}`` as a shell does; the text was split at commas, so ``|`` stands in."""
    match = re.search(r'\{([^{}]*)\}', path)
    if match is None:
        return [path]
    return [
        end
        for choice in match[1].split('|')
        for end in _alternatives(path[: match.start()] + choice + path[match.end() :])
    ]


def _path_problems(path):
    others = path.name == 'COMPARISON.md'  # names files of other repositories
    text = path.read_text(encoding='utf-8')
    lines = text.splitlines()
    for line, piece in doc_pages.code(text):
        if others and '**ours**' not in lines[line - 1]:
            continue
        piece = re.sub(r'\{[^{}]*\}', lambda m: m[0].replace(',', '|').replace(' ', ''), piece)
        for name in doc_pages.paths(piece):
            name = name.removeprefix('./')
            first = name.split('/')[0]
            bases = [b for b, ours in BASES.items() if (b / first).exists() and ours.match(name)]
            if _is_placeholder(name) or not bases:
                continue
            for one in _alternatives(name):
                if not any(next(base.glob(one.rstrip('/')), None) for base in bases):
                    yield line, f'{one} does not exist'


@page
def test_files_exist(page):
    _tell(page, list(_path_problems(page)))


@page
def test_make_targets_and_variables_exist(page):
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    problems = []
    for line, piece in doc_pages.code(page.read_text(encoding='utf-8')):
        for target in re.findall(r'^make ([a-z]+)', piece):
            if not re.search(rf'^{target}:', makefile, re.MULTILINE):
                problems.append((line, f'the Makefile has no target {target}'))
        for variable in re.findall(r'\bMGDM_[A-Z0-9_]+\b', piece):
            if variable not in _variables():
                problems.append((line, f'nothing reads the variable {variable}'))
    _tell(page, problems)


@cache
def _variables():
    files = [
        p for d in ('mgdm_mmaction', 'configs', 'tools', 'tests') for p in ROOT.glob(f'{d}/**/*')
    ]
    texts = (p.read_text(encoding='utf-8') for p in files if p.suffix in ('.py', '.sh'))
    return {name for text in texts for name in re.findall(r'\bMGDM_[A-Z0-9_]+\b', text)}


# Commands


class _Caught(BaseException):
    """Carries a parser out of a tool that was about to use it."""


class _Refused(Exception):
    """What a parser says instead of ending the process."""


@cache
def _parser(tool):
    """Return the argument parser that a tool really uses, without running the tool."""
    patch = pytest.MonkeyPatch()
    with patch.context() as context:

        def catch(self, *_, **__):
            raise _Caught(self)

        context.setattr(argparse.ArgumentParser, 'parse_args', catch)
        context.setattr(argparse.ArgumentParser, 'parse_known_args', catch)
        context.setattr(sys, 'argv', [tool])
        context.setattr(sys, 'path', list(sys.path))
        try:
            runpy.run_path(str(ROOT / tool), run_name='__main__')
        except _Caught as caught:
            return caught.args[0]
    raise AssertionError(f'{tool} reads no arguments')


def _refusal(tool, args):
    """Return why a tool would refuse these arguments, None if it takes them."""

    def refuse(_, message):
        raise _Refused(message)

    def show_help(*_, **__):
        raise _Refused('')  # --help ends a real run well

    with pytest.MonkeyPatch().context() as context:
        context.setattr(argparse.ArgumentParser, 'error', refuse)
        context.setattr(argparse.ArgumentParser, 'print_help', show_help)
        try:
            _parser(tool).parse_args(args)
        except _Refused as refused:
            return str(refused) or None
    return None


def _options(parser):
    """Return the options of a parser and of its subcommands."""
    found = set(parser._option_string_actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {o for sub in action.choices.values() for o in _options(sub)}
    return found


def _command_problems(pieces):
    for line, piece in pieces:
        for tool, args in doc_pages.commands(piece):
            problem = _command_problem(tool, args)
            if problem:
                yield line, problem
        tool, options = doc_pages.named(piece) or (None, [])
        if options and not (ROOT / tool).is_file():
            yield line, f'{tool} does not exist'
        elif options:
            names = {option.partition('=')[0] for option in options}
            for name in sorted(names - _options(_parser(tool))):
                yield line, f'{tool} has no option {name}'


def _command_problem(tool, args):
    if not (ROOT / tool).is_file():
        return f'{tool} does not exist'
    if tool.endswith('.py'):
        reason = _refusal(tool, args) if args else None  # a bare name is a mention
    else:
        # Configs, checkpoints and numbers come first; then the options of the tool behind it.
        kind = next((k for k in SHELL_TOOLS if k in Path(tool).stem), None)
        options = [i for i, arg in enumerate(args) if arg.startswith('--')]
        if kind is None or not options:
            return None
        reason = _refusal(SHELL_TOOLS[kind], ['config.py', *args[options[0] :]])
    return f'{tool} {" ".join(args)}: {reason}' if reason else None


@page
def test_commands_take_their_options(page):
    if page.name == 'COMPARISON.md':
        pytest.skip('names commands of other repositories')
    _tell(page, list(_command_problems(doc_pages.code(page.read_text(encoding='utf-8')))))


# Python


def _python_problems(path):
    for start, block in doc_pages.blocks(path.read_text(encoding='utf-8'), 'python'):
        try:
            tree = ast.parse(block)
        except SyntaxError as error:
            yield start + error.lineno - 1, f'no Python: {error.msg}'
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                names = [(node.module, alias.name) for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [(alias.name, None) for alias in node.names]
            else:
                continue
            for module, name in names:
                if module.partition('.')[0] == 'mgdm_mmaction' and not _can_import(module, name):
                    missing = f'{module} has no {name}' if name else f'there is no {module}'
                    yield start + node.lineno - 1, missing


def _can_import(module, name):
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    return name is None or hasattr(found, name) or _can_import(f'{module}.{name}', None)


@page
def test_python_can_be_parsed_and_imported(page):
    _tell(page, list(_python_problems(page)))


@pytest.mark.parametrize('folder', sorted(p.name for p in (ROOT / 'configs').iterdir()))
def test_headers_of_configs_name_commands_and_files_that_exist(folder):
    top = ROOT / 'configs' / folder
    for path in [top] if top.is_file() else sorted(top.rglob('*.py')):
        if path.suffix != '.py':
            continue
        pieces = list(doc_pages.indented_code(path.read_text(encoding='utf-8')))
        problems = list(_command_problems(pieces))
        for line, piece in pieces:
            for name in doc_pages.paths(piece):
                is_ours = re.match(r'(configs|tools|docs)/', name) and not _is_placeholder(name)
                if is_ours and not next(ROOT.glob(name.rstrip('/')), None):
                    problems.append((line, f'{name} does not exist'))
        _tell(path, problems)


# The checks themselves


@pytest.fixture
def bad_page(tmp_path):
    path = tmp_path / 'page.md'
    path.write_text(
        '# A page\n\n[here](#a-page), [gone](gone.md), [no heading](#b)\n'
        '`configs/mgdm_k400.py` `configs/gone.py` `data/gone.txt` `models/gone.py`\n'
        '```\npython tools/train.py configs/mgdm_k400.py --amp  # fine\n'
        'python tools/train.py configs/mgdm_k400.py \\\n    --no-such 3\n'
        'tools/dist_train.sh configs/mgdm_k400.py 8 --ampp\n```\n',
        encoding='utf-8',
    )
    return path


def test_broken_promises_are_found(bad_page):
    pieces = doc_pages.code(bad_page.read_text(encoding='utf-8'))
    commands = list(_command_problems(pieces))

    assert [line for line, _ in _link_problems(bad_page)] == [3, 3]
    assert [line for line, _ in commands] == [7, 9]
    assert '--no-such' in commands[0][1]
    assert list(_path_problems(bad_page)) == [
        (4, 'configs/gone.py does not exist'),
        (4, 'models/gone.py does not exist'),
    ]


def test_broken_promises_are_found_where_lines_end_and_tools_meet(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(
        '# A page\n\nA link over [two\nlines](gone.md), `python tools/train.py\n--no-such`, '
        '`docs/GONE.md`, `docs/RESULTS.md`.\n\n[later]: gone.md\n\n'
        '```\npython tools/train.py configs/mgdm_k400.py && python tools/test.py --no-such\n'
        'torchrun --nproc_per_node 2 tools/mine_negatives.py configs/mgdm_k400.py --no-such\n```\n'
        '`tools/train.py --amp` `tools/train.py --no-such=1` `tools/gone.py --amp`\n',
        encoding='utf-8',
    )
    commands = list(_command_problems(doc_pages.code(page.read_text(encoding='utf-8'))))

    assert [line for line, _ in _link_problems(page)] == [4, 7]
    assert list(_path_problems(page)) == [
        (5, 'docs/GONE.md does not exist'),
        (13, 'tools/gone.py does not exist'),
    ]
    assert [line for line, _ in commands] == [4, 10, 11, 13, 13]
    assert all('--no-such' in problem for _, problem in commands[:4])


def test_python_that_does_not_hold_is_found(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(
        '```python\nfrom mgdm_mmaction.models import MGDM, Gone\nimport mgdm_mmaction.gone\n```\n\n'
        '```python\n# a comment\nif x\n```\n',
        encoding='utf-8',
    )

    assert [line for line, _ in _python_problems(page)] == [2, 3, 8]


@pytest.mark.skipif(not (ROOT / 'docs').is_dir(), reason='no sources here')
def test_there_is_something_to_check():
    readme = (ROOT / 'README.md').read_text(encoding='utf-8')
    commands = [c for _, piece in doc_pages.code(readme) for c in doc_pages.commands(piece)]

    assert len(commands) >= 5
    assert len(list(doc_pages.links(readme))) >= 5
