"""Annotation lists that are about to be written: their form, what was left out, their report."""

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..datasets.annotations import list_digest
from ..errors import MGDMError, explain_disk, write_whole
from .media import FrameNames, Media

__all__ = ['DELIMITERS', 'ClipList', 'ListForm', 'number', 'some', 'write_lists', 'write_texts']

# The names under which a delimiter can be given on a command line.
DELIMITERS = {'space': ' ', 'tab': '\t', 'comma': ',', 'semicolon': ';'}


#: Of one action, or of several that a video shows, as of Charades.
Label = int | tuple[int, ...]


@dataclass(frozen=True)
class ListForm:
    """Lines ``path label`` of videos, or ``folder frames label`` of raw frames; or more labels.

    Args:
        delimiter (str, optional): Between path and label of a video. Defaults to ' '.
        frames (FrameNames, optional): The list is of raw frames, named so. Defaults to None.

    Raises:
        MGDMError: If the delimiter is not one sign, or given for raw frames.
    """

    delimiter: str = ' '
    frames: FrameNames | None = None

    def __post_init__(self) -> None:
        if self.frames and self.delimiter != ' ':
            raise MGDMError('--delimiter: RawframeDataset has none; it splits at white space.')
        if len(self.delimiter) != 1 or self.delimiter.isalnum() or self.delimiter in './\n':
            raise MGDMError(
                f'--delimiter {self.delimiter!r}: expected {", ".join(DELIMITERS)} or one sign.'
            )

    @classmethod
    def of(cls, args: Any) -> 'ListForm':
        """Read the options that :func:`~mgdm_mmaction.commands.common.add_list_form` added."""
        frames = FrameNames(args.filename_tmpl, args.start_index) if args.rawframes else None
        return cls(DELIMITERS.get(args.delimiter, args.delimiter), frames)

    @property
    def kind(self) -> str:
        """'videos' or 'rawframes', as in the names of MMAction2's lists."""
        return 'rawframes' if self.frames else 'videos'

    def line(self, video: str, label: Label) -> str:
        """Return a line; the video of raw frames is ``folder frames``."""
        return self.delimiter.join(map(str, (video, *_each(label)))) + '\n'

    def splits(self, path: str) -> bool:
        """Return whether the data set would split a path.

        ``VideoDataset`` strips a line, splits it at every delimiter and needs exactly two parts;
        ``RawframeDataset`` splits at white space, always.
        """
        if self.frames:
            return len(path.split()) != 1
        return self.delimiter in path or path.strip() != path

    def dataset(self, ann_file: str, root: str) -> dict:
        """Return the config of the data set that reads a list, without its pipeline."""
        name, prefix = ('RawframeDataset', 'img') if self.frames else ('VideoDataset', 'video')
        return dict(type=name, ann_file=ann_file, data_prefix={prefix: root}, **self.settings())

    def settings(self) -> dict:
        """Return the arguments of the data set that are not its defaults."""
        if self.frames is None:
            return {} if self.delimiter == ' ' else dict(delimiter=self.delimiter)
        usual = FrameNames()
        values = {
            'filename_tmpl': (self.frames.template, usual.template),
            'start_index': (self.frames.start_index, usual.start_index),
        }
        return {key: value for key, (value, default) in values.items() if value != default}


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
        rows (list[tuple[Media, Label]]): Clips and labels.
        missing (list[tuple[str, str]]): Clips that are named but not in the list, and why.
        notes (list[str]): What the user should know.
    """

    title: str
    classes: Sequence[str]
    root: Path
    published: Sequence[tuple[str, int]] = ()
    rows: list[tuple[Media, Label]] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, media: Media, label: Label, name: str | None = None) -> None:
        """Add a clip, or note why it cannot be in a list."""
        if media.fault:
            self.missing.append((name or media.path, media.fault))
        else:
            self.rows.append((media, label))

    def per_class(self) -> Counter:
        """Return the number of clips of every label, those of no clip too."""
        counts = Counter(dict.fromkeys(range(len(self.classes)), 0))
        counts.update(label for _, labels in self.rows for label in _each(labels))
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
        few = sorted(counts, key=lambda label: (counts[label], label))
        many = sorted(few, key=lambda label: -counts[label])
        few, many = (
            ', '.join(f'{counts[label]} {self.classes[label]}' for label in end[:3])
            for end in (few, many)
        )
        same = len(set(counts.values())) == 1
        lines = [
            f'{self.title}: {number(len(self.rows))} clips of {len(+counts)} classes, list digest '
            f'{digest}',
            *compare(len(self.rows), self.published),
            f'{counts[0]} in every class' if same else f'fewest in a class: {few}; most: {many}',
        ]
        if self.missing:
            lines.append(
                f'left out: {number(len(self.missing))}, listed with reasons in {missing_file}'
            )
        return '\n'.join(f'  {line}' for line in lines + self.notes)


def _each(label: Label) -> Sequence[int]:
    return (label,) if isinstance(label, int) else label


def some(names: Sequence[str], many: int = 5) -> str:
    """Return a number and the first few names: '7 (a, b, ...)'."""
    return f'{len(names)} ({", ".join(names[:many])}{", ..." if len(names) > many else ""})'


def number(value: int) -> str:
    """Write a count with a space between thousands."""
    return f'{value:,}'.replace(',', ' ')


def compare(count: int, published: Sequence[tuple[str, int]]) -> list[str]:
    """Compare a count with published ones: a line for each, of whose it is and the difference.

    A difference is no error: what matters is that it is stated next to an accuracy.
    """
    return [
        f'published {number(other)} ({whose}): '
        + ('equal' if count == other else f'your copy differs by {count - other:+d}')
        for whose, other in published
    ]


def write_texts(texts: Mapping[Path, str], force: bool = False) -> None:
    """Write text files, all of them or none; '' for a file that should not be there.

    Raises:
        MGDMError: If a file is there with other content and ``force`` is false.
    """
    contents = {path: text.encode() for path, text in texts.items()}
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
        with write_whole(path) as part:
            part.write_bytes(content)


def write_lists(
    lists: Mapping[Path, ClipList],
    form: ListForm,
    force: bool = False,
    classes: Mapping[Path, Sequence[str]] | None = None,
) -> str:
    """Write lists, each with a side file of the clips that are not in it and why.

    Args:
        lists (Mapping[Path, ClipList]): Where each goes.
        form (ListForm): How lines are written.
        force (bool, optional): Replace files of other content. Defaults to False.
        classes (Mapping[Path, Sequence[str]], optional): Files of class names to write. Defaults to
            None.

    Returns:
        str: What is in the lists, what a config needs for them, and the command that checks clips.
    """
    classes = classes or {}
    texts = {path: ''.join(f'{name}\n' for name in names) for path, names in classes.items()}
    reports, configs, checks = [], [], {}
    for path, clips in lists.items():
        missing = path.with_name(f'{path.stem}_missing.txt')
        texts[path] = clips.text(form)
        texts[missing] = ''.join(
            f'{name}\t{reason}\n'.encode('utf-8', 'backslashreplace').decode()
            for name, reason in clips.missing
        )
        reports.append(f'{path}\n{clips.describe(list_digest(texts[path]), missing)}')
        config = form.dataset(str(path), str(clips.root))
        several = any(isinstance(label, tuple) for _, label in clips.rows)
        if several:
            config.update(multi_class=True, num_classes=len(clips.classes))
        ((prefix, root),) = config['data_prefix'].items()
        words = {key: repr(value) for key, value in config.items()}
        words['data_prefix'] = f'dict({prefix}={root!r})'
        configs.append('  ' + ', '.join(f'{key}={value}' for key, value in words.items()))
        if not several:  # check_videos.py reads one label a clip
            checks.setdefault(root, []).append(str(path))
    write_texts(texts, force)
    options = ['--rawframes'] if form.frames else []
    signs = {sign: name for name, sign in DELIMITERS.items()}
    for key, value in form.settings().items():
        options += [f'--{key.replace("_", "-")}', signs.get(value, str(value))]
    return '\n'.join(
        [
            *reports,
            *(f'{path}: class names in label order' for path in classes),
            'In a config:',
            *configs,
            *(f"  model.cls_head: classes='{path}'" for path in classes),
            *(['Next, decode every clip once:'] if checks else []),
            *(
                f'  python {shlex.join(["tools/data/check_videos.py", *paths, "--root", root])}'
                f' {shlex.join(options)}'.rstrip()
                for root, paths in checks.items()
            ),
        ]
    )
