"""What a page promises, found in its Markdown: links, headings, commands, Python.

Every finding is ``(line, text)``. Nothing here knows whether a promise holds.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
# README and CONTRIBUTING have a page each that includes them.
PAGES = sorted(p for p in [*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md')] if p.is_file())

_TOOL = re.compile(r'(?:^|[\s(])(?:\./)?(tools/[\w./-]+\.(?:py|sh))(?=\s|$)')
# What runs the Python file that follows; torchrun has options of its own before it.
_RUNS = re.compile(r'\bpython[\d.]*\s+(\./)?$|\b(torchrun|srun)\s(.*\s)?(\./)?$')


class Page(NamedTuple):
    links: list[tuple[int, str]]
    anchors: set[str]
    code: list[tuple[int, str]]  # lines of blocks, continued ones joined; inline code
    python: list[tuple[int, str]]
    tables: int


def read_page(path: Path) -> Page:
    page = Page([], set(), [], [], 0)
    heading, line, rows = False, 1, 0
    for token in MarkdownIt().enable('table').parse(path.read_text(encoding='utf-8')):
        line = token.map[0] + 1 if token.map else line
        rows += token.type == 'tr_open'
        if token.type == 'fence' and not token.info.startswith('{'):
            page.code.extend(joined_lines(token.content, line + 1))
            if token.info.startswith('python'):
                page.python.append((line + 1, token.content))
        for child in token.children or ():
            if child.type in ('link_open', 'image'):
                page.links.append((line, child.attrs.get('href') or child.attrs['src']))
            elif child.type == 'code_inline':
                page.code.append((line, child.content))
        if token.type == 'inline' and heading:
            plain = ''.join(child.content for child in token.children).lower()
            page.anchors.add(re.sub(r'[^\w\- ]', '', plain).replace(' ', '-'))
        heading = token.type == 'heading_open'
    return page._replace(tables=rows)


def joined_lines(text: str, first: int = 1) -> Iterator[tuple[int, str]]:
    """Yield lines of shell; one that ends in a backslash together with the next."""
    pending, start = '', 0
    for number, line in enumerate(text.splitlines(), first):
        start = start or number
        pending += line.rstrip()
        if pending.endswith('\\'):
            pending = pending[:-1] + ' '
            continue
        yield start, pending
        pending, start = '', 0


def commands(piece: str) -> Iterator[tuple[str, list[str], bool]]:
    """Yield tools with their arguments, and whether they are run or only named."""
    for part in re.split(r'\s&&\s|;\s|\s\|\s', re.split(r'(?:\s|^)#(?:\s|$)', piece)[0]):
        if match := _TOOL.search(part):
            runs = match[1].endswith('.sh') or bool(_RUNS.search(part[: match.start(1)]))
            rest = re.split(r'\s>\s|\s\(', part[match.end(1) :])[0]
            try:
                args = shlex.split(rest)
            except ValueError:  # an apostrophe
                args = rest.split()
            # `...` and `[options]` stand for what the reader adds.
            yield match[1], [a for a in args if a.strip('.…') and not a.startswith('[')], runs


def paths(piece: str) -> Iterator[str]:
    """Yield what looks like a path, ``a{b,c}`` expanded as a shell does."""
    piece = re.sub(r'\{[^{}]*\}', lambda m: m[0].replace(',', '|').replace(' ', ''), piece)
    for token in re.split(r'[\s\'"=,;()\[\]]+', piece):
        token = token.rstrip('.:').removeprefix('./')
        if '/' in token and '://' not in token and re.fullmatch(r'[\w.\-/{}*|<>$+]+', token):
            yield from _expand(token)


def _expand(path: str) -> list[str]:
    match = re.search(r'\{([^{}]*)\}', path)
    if match is None:
        return [path]
    before, after = path[: match.start()], path[match.end() :]
    return [end for choice in match[1].split('|') for end in _expand(before + choice + after)]
