"""An annotation list that is about to be written, and what has been left out of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import MGDMError
from .media import Media

__all__ = ['DELIMITERS', 'ClipList', 'Missing', 'format_list']

# The names under which a delimiter can be given on a command line.
DELIMITERS = {'space': ' ', 'tab': '\t', 'comma': ',', 'semicolon': ';'}


@dataclass(frozen=True)
class Missing:
    """A clip that is not in the list.

    Args:
        name (str): As the data set's own files name it, or its path.
        reason (str): Why.
    """

    name: str
    reason: str


@dataclass
class ClipList:
    """Clips with labels.

    Args:
        title (str): What it is, for reports: 'kinetics400 train'.
        classes (Sequence[str]): Class names in label order.
        published (Sequence[tuple[str, int]], optional): Counts that others print, each with whose.
            Defaults to ().

    Attributes:
        rows (list[tuple[Media, int]]): Clips and labels.
        missing (list[Missing]): Clips that are named somewhere but not in the list.
        notes (list[str]): What the user should know.
    """

    title: str
    classes: Sequence[str]
    published: Sequence[tuple[str, int]] = ()
    rows: list[tuple[Media, int]] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, media: Media, label: int, name: str | None = None) -> None:
        """Add a clip, or note why it cannot be in a list."""
        if media.fault:
            self.missing.append(Missing(name or media.path, media.fault))
        else:
            self.rows.append((media, label))

    def per_class(self) -> Counter:
        """Return the number of clips of every label, those of no clip too."""
        counts = Counter(dict.fromkeys(range(len(self.classes)), 0))
        counts.update(label for _, label in self.rows)
        return counts


def format_list(clips: ClipList, delimiter: str = ' ') -> str:
    """Return the text of a list, one clip a line, as MMAction2's data sets split it.

    ``VideoDataset`` splits a line at every delimiter and needs exactly two parts, so that a path
    must not hold the delimiter; ``RawframeDataset`` splits at white space, always.

    Args:
        clips (ClipList): The clips.
        delimiter (str, optional): Between path and label. Defaults to ' '.

    Raises:
        MGDMError: If the list is empty, or a path would be split.
    """
    if not clips.rows:
        why = f' ({clips.missing[0].name}: {clips.missing[0].reason})' if clips.missing else ''
        raise MGDMError(
            f'{clips.title}: not one of the {len(clips.missing)} clips named was found{why}. Check '
            'the folder of the videos.'
        )
    split = [media.path for media, _ in clips.rows if _would_split(media, delimiter)]
    if split:
        raise MGDMError(_split_message(clips, split, delimiter))
    lines = []
    for media, label in clips.rows:
        fields = [media.path, *([] if media.frames is None else [str(media.frames)]), str(label)]
        lines.append((delimiter if media.frames is None else ' ').join(fields) + '\n')
    return ''.join(lines)


def _would_split(media: Media, delimiter: str) -> bool:
    if media.frames is not None:
        return len(media.path.split()) != 1
    return delimiter in media.path or media.path.strip() != media.path


def _split_message(clips: ClipList, split: list[str], delimiter: str) -> str:
    start = f'{clips.title}: {len(split)} paths, such as {split[0]!r}, '
    if clips.rows[0][0].frames is not None:
        return start + (
            'have white space in them, where RawframeDataset splits a line, whatever is set. '
            "Rename these folders ('_' for ' '), or link to them under other names."
        )
    if any(path.strip() != path for path in split):
        return start + 'begin or end with white space, which VideoDataset strips. Rename them.'
    used = {char for media, _ in clips.rows for char in media.path}
    free = [name for name, char in DELIMITERS.items() if char not in used]
    ways = (
        f'write the list with --delimiter {free[0]} and set delimiter={DELIMITERS[free[0]]!r} in '
        'the data sets of the config, or rename'
        if free
        else 'rename'
    )
    return start + (
        f"hold the delimiter {delimiter!r}, where VideoDataset splits a line: 'too many values to "
        f"unpack'. Either {ways} the folders and files."
    )
