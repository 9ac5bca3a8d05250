"""What the documentation promises, found in its text: links, paths, commands.

A finding is ``(line, text)``, lines counted from 1. Nothing here knows whether a promise holds.
"""

import re
import shlex
from collections.abc import Iterator

# The text of a link and inline code may go on in the next line of their paragraph.
_LINK = re.compile(r'(?<!!)\[(?:[^\]\n]|\n(?!\s*\n))*\]\(([^)\s]+)\)')
_REFERENCE = re.compile(r'^\[[^\]]+\]:\s+(\S+)', re.MULTILINE)
_INLINE = re.compile(r'`((?:[^`\n]|\n(?!\s*\n))+)`')
_HEADING = re.compile(r'^#{1,6}\s+(.*?)\s*#*$')
_COMMAND = re.compile(r'(?:^|[\s(])(?:\./)?(tools/[\w./-]+\.(?:py|sh))(?=\s|$)')
# What runs the Python file that follows; torchrun has options of its own before it.
_RUNS = re.compile(r'\bpython[\d.]*\s+(\./)?$|\btorchrun\s(.*\s)?(\./)?$')


def links(text: str) -> Iterator[tuple[int, str]]:
    """Yield the relative targets of Markdown links, with their ``#anchor``."""
    prose = _prose(text)
    found = [*_LINK.finditer(prose), *_REFERENCE.finditer(prose)]
    for match in sorted(found, key=lambda match: match.start(1)):
        target = match[1]
        if '://' not in target and not target.startswith('mailto:'):
            yield _line(prose, match.start(1)), target


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
    yield from sorted([*_inline_code(text), *_block_code(text)], key=lambda found: found[0])


def _inline_code(text: str) -> Iterator[tuple[int, str]]:
    prose = _prose(text)
    for match in _INLINE.finditer(prose):
        yield _line(prose, match.start(1)), ' '.join(match[1].split('\n'))


def _block_code(text: str) -> Iterator[tuple[int, str]]:
    pending, start = '', 0
    for number, line, fenced in _lines(text):
        if not fenced:
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


def commands(piece: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the tools that a piece of code runs, and their arguments.

    Args:
        piece (str): A line of a shell block, or inline code.

    Yields:
        tuple: Tool and arguments; nothing for a piece that runs none of ours, or only names one.
    """
    for part in re.split(r'\s&&\s|;\s|\s\|\s', re.split(r'\s#\s|\s#$', piece)[0]):
        match = _COMMAND.search(part)
        if match is None:
            continue
        before, rest = part[: match.start(1)], part[match.end(1) :]
        if match[1].endswith('.py') and not _RUNS.search(before):
            continue
        rest = re.split(r'\s>\s|\s\(', rest)[0]
        yield match[1], _split(rest)


def named(piece: str) -> tuple[str, list[str]] | None:
    """Return a tool that a piece of code names, without python, and the options beside it."""
    match = re.match(r'(tools/[\w./-]+\.py)\s', piece)
    if match is None:
        return None
    return match[1], [a for a in _split(piece[match.end(1) :]) if re.match(r'-(-\w|\w$)', a)]


def _split(arguments: str) -> list[str]:
    try:
        args = shlex.split(arguments)
    except ValueError:  # an apostrophe in prose
        args = arguments.split()
    # `...` and `[options]` stand for what the reader adds.
    return [arg for arg in args if arg.strip('.…') and not arg.startswith('[')]


def blocks(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Yield the code blocks of a language, each with the line of its first line."""
    block, start = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if start is not None and line.strip() == '```':
            yield start, '\n'.join(block)
            block, start = [], None
        elif start is not None:
            block.append(line)
        elif line.strip() == f'```{language}':
            start = number + 1


def _prose(text: str) -> str:
    """Return the text with an empty line for each line of a code block."""
    return '\n'.join('' if fenced else line for _, line, fenced in _lines(text))


def _line(text: str, position: int) -> int:
    return text.count('\n', 0, position) + 1


def _lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield every line, and whether it is in a code block; the fences as empty lines of one."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith('```'):
            fenced = not fenced
            yield number, '', True
            continue
        yield number, line, fenced
