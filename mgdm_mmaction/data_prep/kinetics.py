"""Kinetics-400, -600 and -700: the official csv files and a folder of videos."""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MGDMError
from ..text.corpus import normalize_label
from .clip_list import ClipList, Missing
from .matching import ClassNames, ClipIndex
from .media import MediaTree
from .published import PUBLISHED, number

__all__ = ['KineticsClip', 'kinetics_classes', 'kinetics_list', 'read_kinetics_csv']

_COLUMNS = ('label', 'youtube_id', 'time_start', 'time_end')


@dataclass(frozen=True)
class KineticsClip:
    """A row of a csv file.

    Args:
        label (str): Class name.
        youtube_id (str): The video.
        start (int): First second of the clip.
        end (int): Last second.
        where (str): File and line, for messages.
    """

    label: str
    youtube_id: str
    start: int
    end: int
    where: str

    @property
    def stamped(self) -> str:
        """Name of the file with time stamps."""
        return f'{self.youtube_id}_{self.start:06d}_{self.end:06d}'


def read_kinetics_csv(path: str | Path) -> list[KineticsClip]:
    """Read a csv file ``label,youtube_id,time_start,time_end,split[,is_cc]``.

    Columns go by the names in the first line. Label lists of other copies that quote every field
    are read too.

    Args:
        path (str | Path): The file.

    Raises:
        MGDMError: If there is no such file, a column is missing, a time is no number, or there is
            no row.
    """
    path = Path(path)
    if not path.is_file():
        raise MGDMError(
            f'{path}: no such file; expected the csv file of Kinetics, with the columns '
            f'{",".join(_COLUMNS)},split.'
        )
    with open(path, encoding='utf-8-sig', newline='') as file:
        clips = list(_rows(csv.DictReader(file, skipinitialspace=True), path))
    if not clips:
        raise MGDMError(f'{path}: the file holds no clip below its first line.')
    return clips


def _rows(reader: csv.DictReader, path: Path) -> Iterator[KineticsClip]:
    try:
        columns = [name.strip() for name in reader.fieldnames or ()]
        lacking = [name for name in _COLUMNS if name not in columns]
        if lacking:
            test = ' (that of the test split has none)' if lacking == ['label'] else ''
            raise MGDMError(
                f'{path}:1: no column {", ".join(lacking)} among {",".join(columns)!r}; expected '
                f'the csv file of Kinetics with labels{test}: {",".join(_COLUMNS)},split.'
            )
        reader.fieldnames = columns
        for row in reader:
            where = f'{path}:{reader.line_num}'
            try:
                start, end = (int(float(row[name])) for name in ('time_start', 'time_end'))
            except (TypeError, ValueError):
                raise MGDMError(
                    f'{where}: time_start {row["time_start"]!r} and time_end {row["time_end"]!r} '
                    'should be seconds.'
                ) from None
            yield KineticsClip(row['label'].strip(), row['youtube_id'].strip(), start, end, where)
    except UnicodeDecodeError as error:
        raise MGDMError(f'{path}: not a UTF-8 text file ({error}).') from None


def kinetics_classes(clips: list[KineticsClip]) -> list[str]:
    """Return the classes of csv files in alphabetical order, upper and lower case alike."""
    return sorted({clip.label for clip in clips}, key=lambda name: (name.casefold(), name))


def kinetics_list(
    clips: list[KineticsClip],
    tree: MediaTree,
    classes: ClassNames,
    name: str = 'kinetics400',
    split: str = 'train',
) -> ClipList:
    """Find the video of every clip of a csv file.

    Videos lie in one folder or in one a class, in any spelling, and are called
    ``<id>_<start>_<end>`` with six digits each, or ``<id>``, with any ending. The label is always
    that of the csv file.

    Args:
        clips (list[KineticsClip]): The rows of the csv file.
        tree (MediaTree): The videos.
        classes (ClassNames): Label order.
        name (str, optional): Whose published counts to compare with. Defaults to 'kinetics400'.
        split (str, optional): 'train' or 'val'. Defaults to 'train'.

    Raises:
        MGDMError: If a class of the csv file is not among ``classes``.
    """
    found = ClipList(f'{name} {split}', classes.names, PUBLISHED.get(name, {}).get(split, ()))
    index = ClipIndex(tree)
    taken: dict[str, str] = {}
    kinds: Counter = Counter()
    for clip in clips:
        label = classes.label(clip.label, clip.where)
        media = index.find(clip.stamped, clip.label)
        kind = 'with time stamps'
        if media is None:
            media, kind = index.find(clip.youtube_id, clip.label), 'without'
        if media is None:
            found.missing.append(Missing(clip.stamped, f'no such video ({clip.label})'))
        elif media.path in taken:
            reason = f'its video {media.path} is already that of {taken[media.path]}'
            found.missing.append(Missing(clip.stamped, reason))
        else:
            taken[media.path] = clip.where
            kinds[kind] += 1
            kinds['elsewhere'] += _in_other_class(media.folders, clip.label, classes)
            found.add(media, label, clip.stamped)
    kinds['ambiguous'] = index.ambiguous
    _note(found, kinds, len(clips), len(tree.items) - len(taken))
    return found


def _in_other_class(folders: list[str], label: str, classes: ClassNames) -> bool:
    others = [part for part in folders if classes.find(part) is not None]
    return bool(others) and all(normalize_label(part) != normalize_label(label) for part in others)


def _note(found: ClipList, kinds: Counter, clips: int, unused: int) -> None:
    found.notes.append(
        f'the csv file names {number(clips)} clips; found {number(kinds["with time stamps"])} by '
        f'names with time stamps, {number(kinds["without"])} without'
    )
    if kinds['elsewhere']:
        found.notes.append(
            'videos in the folder of another class, the label of the csv file taken: '
            + number(kinds['elsewhere'])
        )
    if kinds['ambiguous']:
        found.notes.append(
            'names in several folders of their class, the first taken: '
            + number(kinds['ambiguous'])
        )
    if unused:
        found.notes.append(
            f'videos in the folder that the csv file does not name: {number(unused)}'
        )
