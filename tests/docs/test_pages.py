"""What the pages name exists: links, files, make targets, variables, options, Python."""

import argparse
import ast
import importlib
import re
import runpy
import sys
from functools import cache

import pytest

from tests.docs.pages import PAGES, ROOT, commands, joined_lines, paths, read_page

# Where a path in the text may begin, and which of its files are then ours for sure: a folder of
# data has the names of our config folders.
BASES = {
    ROOT: re.compile(r'(benchmarks|configs|docs|mgdm_mmaction|tests|tools|\.ci)/'),
    ROOT / 'mgdm_mmaction': re.compile(r'.*\.py$'),
    ROOT / 'configs': re.compile(r'.*\.py$'),
}
SHELL_TOOLS = {'train': 'tools/train.py', 'test': 'tools/test.py', 'evaluate': 'tools/evaluate.py'}

page = pytest.mark.parametrize('page', PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())


def check(path, problems):
    where = path.relative_to(ROOT)
    assert not problems, '\n' + '\n'.join(f'{where}:{line}: {text}' for line, text in problems)


@page
def test_links_lead_somewhere(page):
    problems = []
    for line, target in read_page(page).links:
        if '://' in target or target.startswith('mailto:'):
            continue
        name, _, anchor = target.partition('#')
        found = page.parent / name if name else page
        if not found.exists():
            problems.append((line, f'the link {target} leads nowhere'))
        elif anchor and anchor not in read_page(found).anchors:
            problems.append((line, f'the link {target}: no such heading in {found.name}'))
    check(page, problems)


def missing_files(pieces):
    for line, piece in pieces:
        for name in paths(piece):
            bases = [b for b, ours in BASES.items() if ours.match(name)]
            bases = [b for b in bases if (b / name.split('/')[0]).exists()]
            # One of the reader's: work_dirs/, MY_CONFIG.py, my_*.py.
            theirs = re.match(r'(data|work_dirs)(/|$)', name) or re.search(r'[<$]', name)
            if not name.startswith('docs/'):
                theirs = theirs or re.search(r'(^|/)(my[._-]|[A-Z_]{3,}(\.|/|$))', name)
            if bases and not theirs and not any(next(b.glob(name), None) for b in bases):
                yield line, f'{name} does not exist'


@page
def test_files_exist(page):
    if page.name in ('COMPARISON.md', 'CHANGELOG.md'):
        pytest.skip('names files of other repositories, or of the past')
    check(page, list(missing_files(read_page(page).code)))


@page
def test_make_targets_and_variables_exist(page):
    makefile = (ROOT / 'Makefile').read_text(encoding='utf-8')
    problems = []
    for line, piece in read_page(page).code:
        for target in re.findall(r'^make ([a-z]+)', piece):
            if not re.search(rf'^{target}:', makefile, re.MULTILINE):
                problems.append((line, f'the Makefile has no target {target}'))
        for variable in set(re.findall(r'\bMGDM_[A-Z0-9_]+\b', piece)) - _variables():
            problems.append((line, f'nothing reads the variable {variable}'))
    check(page, problems)


@cache
def _variables():
    files = [
        p for d in ('mgdm_mmaction', 'configs', 'tools', 'tests') for p in (ROOT / d).rglob('*')
    ]
    texts = (p.read_text(encoding='utf-8') for p in files if p.suffix in ('.py', '.sh'))
    return {name for text in texts for name in re.findall(r'\bMGDM_[A-Z0-9_]+\b', text)}


class _Caught(BaseException):
    """Carries a parser out of a tool that was about to use it."""


class _Refused(Exception):
    """What a parser reports instead of ending the process."""


@cache
def _parser(tool):
    """Return the argument parser that a tool really uses, without running the tool."""

    def catch(self, *_, **__):
        raise _Caught(self)

    with pytest.MonkeyPatch().context() as context:
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
    """Return why a tool would refuse these arguments; empty if it takes them."""

    def refuse(_, message=''):
        raise _Refused(message)

    with pytest.MonkeyPatch().context() as context:
        context.setattr(argparse.ArgumentParser, 'error', refuse)
        context.setattr(argparse.ArgumentParser, 'print_help', refuse)  # --help is fine
        try:
            _parser(tool).parse_args(args)
        except _Refused as refused:
            return str(refused)
    return ''


def _options(parser):
    """Return the options of a parser and of its subcommands."""
    subs = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    children = [child for sub in subs for child in sub.choices.values()]
    return set(parser._option_string_actions).union(*map(_options, children))


def _problem(tool, args, runs):
    options = [i for i, arg in enumerate(args) if re.match(r'-(-\w|\w$)', arg)]
    if not (ROOT / tool).is_file():
        return 'does not exist'
    if tool.endswith('.sh'):
        # Configs, checkpoints and numbers come first; then the options of the tool behind it.
        behind = next((t for kind, t in SHELL_TOOLS.items() if kind in tool), None)
        return behind and options and _refusal(behind, ['config.py', *args[options[0] :]])
    if runs:
        return args and _refusal(tool, args)
    names = {args[i].partition('=')[0] for i in options}
    unknown = sorted(names - _options(_parser(tool))) if names else ()
    return unknown and f'has no option {unknown[0]}'


def refused_commands(pieces):
    for line, piece in pieces:
        for tool, args, runs in commands(piece):
            if problem := _problem(tool, args, runs):
                yield line, f'{tool} {" ".join(args)}: {problem}'


@page
def test_commands_take_their_options(page):
    if page.name in ('COMPARISON.md', 'CHANGELOG.md'):
        pytest.skip('names commands of other repositories, or of the past')
    check(page, list(refused_commands(read_page(page).code)))


@pytest.mark.parametrize('path', sorted(ROOT.glob('configs/**/*.py')), ids=lambda p: p.name)
def test_headers_of_configs_name_commands_and_files_that_exist(path):
    lines = joined_lines(path.read_text(encoding='utf-8'))
    pieces = [(n, line.lstrip('# ')) for n, line in lines if re.match(r'(#\s+)?\s{4,}\S', line)]
    ours = [(n, piece) for n, piece in pieces if re.search(r'(configs|tools|docs)/', piece)]
    check(path, [*refused_commands(pieces), *missing_files(ours)])


def _can_import(module, name):
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return False
    return name is None or hasattr(found, name) or _can_import(f'{module}.{name}', None)


@page
def test_python_can_be_parsed_and_imported(page):
    problems = []
    for start, block in read_page(page).python:
        for node in ast.walk(ast.parse(block)):
            names = [alias.name for alias in getattr(node, 'names', ()) if alias.name]
            if isinstance(node, ast.ImportFrom):
                pairs = [(node.module, name) for name in names]
            elif isinstance(node, ast.Import):
                pairs = [(name, None) for name in names]
            else:
                continue
            for module, name in pairs:
                if module.split('.')[0] == 'mgdm_mmaction' and not _can_import(module, name):
                    problems.append((start + node.lineno - 1, f'{module} has no {name}'))
    check(page, problems)


def test_faults_are_found(tmp_path):
    """The checks above would notice: a guard against a parser that finds nothing."""
    bad = tmp_path / 'page.md'
    bad.write_text(
        '[gone](gone.md) `configs/gone.py` `tools/train.py --no-such`\n\n```\n'
        'python tools/train.py configs/mgdm_k400.py --amp  # fine\n'
        'python tools/train.py configs/mgdm_k400.py \\\n    --no-such 3\n'
        'tools/dist_train.sh configs/mgdm_k400.py 8 --ampp\n```\n',
        encoding='utf-8',
    )
    found = read_page(bad)

    assert found.links == [(1, 'gone.md')]
    assert [line for line, _ in missing_files(found.code)] == [1]
    assert [line for line, _ in refused_commands(found.code)] == [1, 5, 7]
