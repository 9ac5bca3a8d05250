"""What the documentation promises, found in its text: links, paths, commands.

A finding is ``(line, text)``, lines counted from 1. Nothing here knows whether a promise holds.
"""

import re
import shlex
from collections.abc import Iterator

_LINK = re.compile(r'(?<!!)\[[^\]]*\]\(([^)\s]+)\)')
_INLINE = re.compile(r'`([^`\n]+)`')
_HEADING = re.compile(r'^#{1,6}\s+(.*?)\s*#*$')
_COMMAND = re.compile(r'(?:^|[\s(])(?:\./)?(tools/[\w./-]+\.(?:py|sh))(?=\s|$)')


def links(text: str) -> Iterator[tuple[int, str]]:
    """Yield the relative targets of Markdown links, with their ``#anchor``."""
    for number, line, fenced in _lines(text):
        if not fenced:
            for target in _LINK.findall(line):
                if '://' not in target and not target.startswith('mailto:'):
                    yield number, target


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings, made as GitHub makes them."""
    found = set()
    for _, line, fenced in _lines(text):
        heading = None if fenced else _HEADING.match(line)
        if heading:
            plain = re.sub(r'[^\w\- ]', '', heading[1].lower())
            found.add(plain.replace(' ', '-'))
    return found


def code(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of code blocks, continued ones joined, and the inline code."""
    pending, start = '', 0
    for number, line, fenced in _lines(text):
        if not fenced:
            for piece in _INLINE.findall(line):
                yield number, piece
            continue
        if line.rstrip().endswith('\\'):
            start = start or number
            pending += line.rstrip()[:-1] + ' '
            continue
        yield start or number, pending + line
        pending, start = '', 0


def indented_code(text: str) -> Iterator[tuple[int, str]]:
    """Yield the indented lines of a docstring or comment, continued ones joined."""
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        first, line = number, lines[number]
        while line.rstrip().endswith('\\') and number + 1 < len(lines):
            number += 1
            line = line.rstrip()[:-1] + ' ' + lines[number].strip()
        number += 1
        if re.match(r'(#\s+)?\s{4,}\S', line):
            yield first + 1, line.lstrip('# ')


def paths(piece: str) -> Iterator[str]:
    """Yield what looks like a path in a piece of code."""
    for token in re.split(r'[\s\'"=,;()\[\]]+', piece):
        token = token.rstrip('.:')
        if '/' in token and '://' not in token and re.fullmatch(r'[\w.\-/{}*|<>$+]+', token):
            yield token


def command(piece: str) -> tuple[str, list[str]] | None:
    """Return the tool that a piece of code runs, and its arguments.

    Args:
        piece (str): A line of a shell block, or inline code.

    Returns:
        tuple | None: None if it runs none of ours, or only names one.
    """
    match = _COMMAND.search(piece)
    if match is None:
        return None
    before, rest = piece[: match.start(1)], piece[match.end(1) :]
    is_python = match[1].endswith('.py')
    if is_python and not re.search(r'\bpython[\d.]*\s+(\./)?$', before):
        return None
    rest = re.split(r'\s#\s|\s#$|\s\|\s|\s>\s|\s&&\s|;\s|\s\(', rest)[0]
    try:
        args = shlex.split(rest)
    except ValueError:  # an apostrophe in prose
        args = rest.split()
    # `...` and `[options]` stand for what the reader adds.
    return match[1], [arg for arg in args if arg.strip('.…') and not arg.startswith('[')]


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith('```'):
            fenced = not fenced
            continue
        yield number, line, fenced
