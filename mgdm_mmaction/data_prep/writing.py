"""Writing lists so that none that exists is lost, and saying what is in them."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..datasets.annotations import check_annotation
from ..errors import MGDMError
from .clip_list import ClipList, format_list
from .published import compare, number

__all__ = ['describe_list', 'missing_file', 'write_lists', 'write_texts']


def write_texts(texts: Mapping[Path, str], force: bool = False) -> None:
    """Write text files, all of them or none.

    Args:
        texts (Mapping[Path, str]): Their content; '' for a file that should not be there.
        force (bool, optional): Replace files of other content. Defaults to False.

    Raises:
        MGDMError: If a file is there with other content and ``force`` is false.
    """
    changed = {path: text.encode() for path, text in texts.items() if not _is(path, text)}
    taken = [path for path in changed if path.exists()]
    if taken and not force:
        raise MGDMError(
            f'{", ".join(map(str, taken))}: there already, with other content. Nothing was '
            'written. Negatives and results belong to the list that they were made with: move it '
            'away, or replace it with --force.'
        )
    for path, content in changed.items():
        if not content:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + '.part')
        part.write_bytes(content)
        os.replace(part, path)


def _is(path: Path, text: str) -> bool:
    return path.read_bytes() == text.encode() if path.is_file() else not text


def missing_file(path: Path) -> Path:
    """Return the side file of a list, which names the clips that are not in it and why."""
    return path.with_name(f'{path.stem}_missing.txt')


def write_lists(
    lists: Mapping[Path, ClipList],
    delimiter: str = ' ',
    force: bool = False,
    more: Mapping[Path, str] | None = None,
) -> str:
    """Write lists with their side files, check them as a training does, and describe them.

    Args:
        lists (Mapping[Path, ClipList]): Where each goes.
        delimiter (str, optional): Between path and label. Defaults to ' '.
        force (bool, optional): Replace files of other content. Defaults to False.
        more (Mapping[Path, str], optional): Other text files to write. Defaults to None.

    Returns:
        str: What is in them.

    Raises:
        MGDMError: If a list is empty or cannot be split again, or a file is there already.
    """
    texts = {path: format_list(clips, delimiter) for path, clips in lists.items()}
    for path, clips in lists.items():
        texts[missing_file(path)] = ''.join(
            f'{missing.name}\t{missing.reason}\n'.encode('utf-8', 'backslashreplace').decode()
            for missing in clips.missing
        )
    write_texts({**(more or {}), **texts}, force)
    parts = []
    for path, clips in lists.items():
        rawframes = clips.rows[0][0].frames is not None
        summary = check_annotation(str(path), len(clips.classes), delimiter, rawframes)
        parts.append(f'{path}\n' + describe_list(clips, summary.digest, path))
    return '\n'.join(parts)


def describe_list(clips: ClipList, digest: str, path: Path) -> str:
    """Return counts, the comparison with published ones, extremes and what is missing.

    Args:
        clips (ClipList): The list.
        digest (str): Its digest.
        path (Path): Where it lies.
    """
    counts = clips.per_class()
    filled = sum(count > 0 for count in counts.values())
    lines = [
        f'{clips.title}: {number(len(clips.rows))} clips of {filled} classes, list digest {digest}',
        *compare(len(clips.rows), clips.published),
        _extremes(counts, clips.classes),
    ]
    if clips.missing:
        lines.append(
            f'left out: {number(len(clips.missing))}, listed with reasons in {missing_file(path)}'
        )
    lines += clips.notes
    return '\n'.join(f'  {line}' for line in lines)


def _extremes(counts: Counter, classes: Sequence[str], many: int = 3) -> str:
    few = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    if few[0][1] == few[-1][1]:
        return f'{few[0][1]} in every class'
    ends = (few, sorted(few, key=lambda item: -item[1]))
    found = [', '.join(f'{count} {classes[label]}' for label, count in end[:many]) for end in ends]
    return f'fewest in a class: {found[0]}; most: {found[1]}'
