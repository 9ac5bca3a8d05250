"""Folders laid out as the real data sets are, with empty files for clips."""

from collections.abc import Iterable
from pathlib import Path


def touch(root: Path, names: Iterable[str]) -> Path:
    """Make empty files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def rows(path: Path, sign: str = ' ') -> list[tuple[str, int]]:
    """Read a list the way VideoDataset's documentation describes it."""
    lines = path.read_text('utf-8').split('\n')
    assert lines.pop() == ''
    split = [line.split(sign) for line in lines]
    return [(name, int(label)) for name, label in split]
