"""Annotation lists that are about to be written, what was left out of them, and their report."""

import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..datasets.annotations import list_digest
from ..errors import MGDMError, explain_disk
from .list_form import ListForm
from .media import Media
from .published import compare, number

__all__ = ['ClipList', 'next_steps', 'some', 'write_lists', 'write_texts']


@dataclass
class ClipList:
    """Clips with labels.

    Args:
        title (str): What it is, for reports: 'kinetics400 train'.
        classes (Sequence[str]): Class names in label order.
        root (Path): The folder that the paths begin in.
        published (Sequence[tuple[str, int]], optional): Counts that others print, each with whose.
            Defaults to ().

    Attributes:
        rows (list[tuple[Media, int]]): Clips and labels.
        missing (list[tuple[str, str]]): Clips that are named but not in the list, and why.
        notes (list[str]): What the user should know.
    """

    title: str
    classes: Sequence[str]
    root: Path
    published: Sequence[tuple[str, int]] = ()
    rows: list[tuple[Media, int]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, media: Media, label: int, name: str | None = None) -> None:
        """Add a clip, or note why it cannot be in a list."""
        if media.fault:
            self.missing.append((name or media.path, media.fault))
        else:
            self.rows.append((media, label))

    def per_class(self) -> Counter:
        """Return the number of clips of every label, those of no clip too."""
        counts = Counter(dict.fromkeys(range(len(self.classes)), 0))
        counts.update(label for _, label in self.rows)
        return counts

    def text(self, form: ListForm) -> str:
        """Return the list as MMAction2's data sets split it, one clip a line.

        Raises:
            MGDMError: If the list is empty, or a path would be split.
        """
        if not self.rows:
            why = ' ({}: {})'.format(*self.missing[0]) if self.missing else ''
            raise MGDMError(
                f'{self.title}: not one of the {len(self.missing)} clips named was found{why}. '
                'Check the folder of the videos.'
            )
        split = [media.path for media, _ in self.rows if form.splits(media.path)]
        if split:
            name, sign = ('semicolon', ';') if form.delimiter == '\t' else ('tab', '\t')
            raise MGDMError(
                f'{self.title}: {len(split)} paths, such as {split[0]!r}, '
                + (
                    'have white space in them, where RawframeDataset splits a line, whatever is '
                    "set. Rename these folders ('_' for ' '), or link to them under other names."
                    if form.frames
                    else f'hold the delimiter {form.delimiter!r} or begin or end with a space, '
                    "where VideoDataset splits a line: 'too many values to unpack'. Either write "
                    f'the list with --delimiter {name} and set delimiter={sign!r} in the data sets '
                    'of the config, or rename the folders and files.'
                )
            )
        return ''.join(form.line(media.video, label) for media, label in self.rows)

    def describe(self, digest: str, missing_file: Path) -> str:
        """Return counts, the comparison with published ones, extremes and what is missing."""
        counts = self.per_class()
        filled = sum(count > 0 for count in counts.values())
        lines = [
            f'{self.title}: {number(len(self.rows))} clips of {filled} classes, list digest '
            f'{digest}',
            *compare(len(self.rows), self.published),
            _extremes(counts, self.classes),
        ]
        if self.missing:
            lines.append(
                f'left out: {number(len(self.missing))}, listed with reasons in {missing_file}'
            )
        return '\n'.join(f'  {line}' for line in lines + self.notes)


def some(names: Sequence[str], many: int = 5) -> str:
    """Return a number and the first few names: '7 (a, b, ...)'."""
    return f'{len(names)} ({", ".join(names[:many])}{", ..." if len(names) > many else ""})'


def _extremes(counts: Counter, classes: Sequence[str], many: int = 3) -> str:
    few = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    if few[0][1] == few[-1][1]:
        return f'{few[0][1]} in every class'
    ends = (few, sorted(few, key=lambda item: -item[1]))
    found = [', '.join(f'{count} {classes[label]}' for label, count in end[:many]) for end in ends]
    return f'fewest in a class: {found[0]}; most: {found[1]}'


def write_texts(texts: Mapping[Path, str], force: bool = False) -> None:
    """Write text files, all of them or none; '' for a file that should not be there.

    Raises:
        MGDMError: If a file is there with other content and ``force`` is false.
    """
    # Lists are read with the same error handler: a name that is no UTF-8 stays as it is.
    contents = {path: text.encode('utf-8', 'surrogateescape') for path, text in texts.items()}
    changed = {
        path: content
        for path, content in contents.items()
        if content != (path.read_bytes() if path.is_file() else b'')
    }
    taken = [path for path in changed if path.exists()]
    if taken and not force:
        raise MGDMError(
            f'{", ".join(map(str, taken))}: there already, with other content. Nothing was '
            'written. Negatives and results belong to the list that they were made with: move it '
            'away, or replace it with --force.'
        )
    for path, content in changed.items():
        with explain_disk(path):
            if not content:
                path.unlink(missing_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(path.name + '.part')
            part.write_bytes(content)
            os.replace(part, path)


def write_lists(
    lists: Mapping[Path, ClipList],
    form: ListForm,
    force: bool = False,
    more: Mapping[Path, str] | None = None,
) -> str:
    """Write lists, each with a side file of the clips that are not in it and why.

    Args:
        lists (Mapping[Path, ClipList]): Where each goes.
        form (ListForm): How lines are written.
        force (bool, optional): Replace files of other content. Defaults to False.
        more (Mapping[Path, str], optional): Other text files to write. Defaults to None.

    Returns:
        str: What is in the lists.
    """
    texts, reports = dict(more or {}), []
    for path, clips in lists.items():
        missing = path.with_name(f'{path.stem}_missing.txt')
        texts[path] = clips.text(form)
        texts[missing] = ''.join(
            f'{name}\t{reason}\n'.encode('utf-8', 'backslashreplace').decode()
            for name, reason in clips.missing
        )
        digest = list_digest(texts[path])
        reports.append(f'{path}\n{clips.describe(digest, missing)}')
    write_texts(texts, force)
    return '\n'.join(reports)


def next_steps(lists: Mapping[Path, ClipList], form: ListForm, classes: Sequence[Path] = ()) -> str:
    """Return what a config says for lists and class names, and the command that checks clips."""
    lines = ['In a config:']
    groups: dict[str, list[str]] = {}
    for path, clips in lists.items():
        config = form.dataset(str(path), str(clips.root))
        ((prefix, root),) = config['data_prefix'].items()
        words = {key: repr(value) for key, value in config.items()}
        words['data_prefix'] = f'dict({prefix}={root!r})'
        lines.append('  ' + ', '.join(f'{key}={value}' for key, value in words.items()))
        groups.setdefault(root, []).append(str(path))
    lines += [f"  model.cls_head: classes='{path}'" for path in classes]
    lines.append('Next, decode every clip once:')
    for root, paths in groups.items():
        command = ['tools/data/check_videos.py', *paths, '--root', root, *form.options()]
        lines.append(f'  python {shlex.join(command)}')
    return '\n'.join(lines)
