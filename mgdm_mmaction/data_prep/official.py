"""The official files of Kinetics, HMDB51 and UCF101: which clips they name, under which class."""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import MGDMError, explain_csv
from .lists import ClipList, compare, number, some
from .matching import ClassNames, Named, match_clips
from .media import MediaTree, strip_suffixes

__all__ = ['SPLIT_READERS', 'kinetics_list', 'read_kinetics', 'split_lists']

# Sizes as others print them, to compare a copy with.
_PAPER = 'MGDM'
_MMACTION2 = "MMAction2's documentation"
_OTHER = 'another copy in use'
_OFFICIAL = 'the official split'

# Clips from YouTube disappear, so that no two copies of Kinetics are alike.
_PUBLISHED = {
    'kinetics400': {
        'train': ((_PAPER, 234_619), (_MMACTION2, 240_436)),
        'val': ((_PAPER, 19_761), (_MMACTION2, 19_796), (_OTHER, 19_877)),
    },
    'kinetics600': {'train': ((_MMACTION2, 383_393),), 'val': ((_MMACTION2, 27_910),)},
    'kinetics700': {'train': ((_MMACTION2, 542_357),), 'val': ((_MMACTION2, 34_824),)},
    'hmdb51': {
        'all': (('all clips', 6_766),),
        **{f'train {s}': ((_OFFICIAL, 3_570),) for s in (1, 2, 3)},
        **{f'val {s}': ((_OFFICIAL, 1_530),) for s in (1, 2, 3)},
    },
    'ucf101': {
        'all': (('all clips', 13_320),),
        **{f'train {s}': ((_OFFICIAL, n),) for s, n in ((1, 9_537), (2, 9_586), (3, 9_624))},
        **{f'val {s}': ((_OFFICIAL, n),) for s, n in ((1, 3_783), (2, 3_734), (3, 3_696))},
    },
}

# Clips of a class in every split.
_CLIPS_A_CLASS = {'hmdb51': {'train': 70, 'val': 30}}

_COLUMNS = ('label', 'youtube_id', 'time_start', 'time_end')


def read_kinetics(path: str | Path) -> list[Named]:
    """Read a csv file ``label,youtube_id,time_start,time_end,split[,is_cc]``.

    Columns go by the names in the first line. Videos are called ``<id>_<start>_<end>`` with six
    digits each, or ``<id>``.

    Raises:
        MGDMError: If there is no such file, a column is missing, a time is no number, or there is
            no row.
    """
    expected = f'the csv file of Kinetics with labels: {",".join(_COLUMNS)},split'
    if not Path(path).is_file():
        raise MGDMError(f'{path}: no such file; expected {expected}.')
    with open(path, encoding='utf-8-sig', newline='', errors='replace') as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        with explain_csv(path, reader.reader):
            clips = _read_rows(path, reader, expected)
    if not clips:
        raise MGDMError(f'{path}: the file holds no clip below its first line.')
    return clips


def _read_rows(path: str | Path, reader: csv.DictReader, expected: str) -> list[Named]:
    reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
    if lacking := [name for name in _COLUMNS if name not in reader.fieldnames]:
        raise MGDMError(
            f'{path}:1: no column {", ".join(lacking)} among '
            f'{",".join(reader.fieldnames)!r}; expected {expected}.'
        )
    clips = []
    for row in reader:
        where = f'{path}:{reader.line_num}'
        try:
            start, end = (int(float(row[name])) for name in ('time_start', 'time_end'))
        except (TypeError, ValueError):
            raise MGDMError(
                f'{where}: time_start {row["time_start"]!r} and time_end {row["time_end"]!r} '
                'should be seconds.'
            ) from None
        name = row['youtube_id'].strip()
        stamped = f'{name}_{start:06d}_{end:06d}'
        clips.append(Named(stamped, (stamped, name), row['label'].strip(), where))
    return clips


def kinetics_list(
    clips: list[Named], tree: MediaTree, classes: ClassNames, name: str, part: str
) -> ClipList:
    """Find the video of every clip of the csv file of a part of 'kinetics400' or another name."""
    published = _PUBLISHED.get(name, {}).get(part, ())
    found = ClipList(f'{name} {part}', classes.names, tree.root, published)
    used = match_clips(found, clips, tree, classes)
    found.notes.append(
        f'the csv file names {number(len(clips))} clips; found {number(used[0])} by names with '
        f'time stamps, {number(used[1])} without'
    )
    if unused := len(tree.items) - used.total():
        found.notes.append(
            f'videos in the folder that the csv file does not name: {number(unused)}'
        )
    return found


def split_lists(
    name: str, annotations: Path, tree: MediaTree, classes: ClassNames, split: int
) -> dict[str, ClipList]:
    """Build the lists 'train' and 'val' of an official split of HMDB51 or UCF101.

    Args:
        name (str): 'hmdb51' or 'ucf101'.
        annotations (Path): Folder with its split files, or above it.
        tree (MediaTree): The videos.
        classes (ClassNames): Label order.
        split (int): 1, 2 or 3.

    Raises:
        MGDMError: If a file is missing or a line has another form or class.
    """
    lists = {}
    for part, named in SPLIT_READERS[name](annotations, classes, split).items():
        title, published = f'{name} split {split} {part}', _PUBLISHED[name][f'{part} {split}']
        clips = lists[part] = ClipList(title, classes.names, tree.root, published)
        match_clips(clips, named, tree, classes, loose=True)
        if wanted := _CLIPS_A_CLASS.get(name, {}).get(part):
            counts = clips.per_class().items()
            odd = [f'{count} {classes.names[i]}' for i, count in counts if count != wanted]
            if odd:
                clips.notes.append(f'classes without exactly {wanted} clips: {some(odd)}')
    whole = ', '.join(compare(len(tree.items), _PUBLISHED[name]['all']))
    lists['train'].notes.append(f'{tree.root}: {len(tree.items)} clips; {whole}')
    return lists


def _read_hmdb51(folder: Path, classes: ClassNames, split: int) -> dict[str, list[Named]]:
    """Read ``<class>_test_split<N>.txt``, one a class, with lines ``name.avi flag``.

    Flag 1 is training, 2 is testing, 0 is neither.
    """
    end = f'_test_split{split}.txt'
    files = {
        classes.label(path.name.removesuffix(end), str(path)): path
        for path in sorted(folder.rglob(f'[!.]*{end}'))
    }
    lacking = [name for label, name in enumerate(classes.names) if label not in files]
    if lacking:
        raise MGDMError(
            f'{folder}: no {lacking[0]}{end} ({len(lacking)} of {len(classes.names)} classes have '
            'no file of this split). Unpack the official split files (test_train_splits.rar) '
            'there, or name their folder with --annotations.'
        )
    parts: dict[str, list[Named]] = {'0': [], '1': [], '2': []}
    for label, path in sorted(files.items()):
        for where, line in _lines(path):
            # Names hold '#', '&', ';', '[' and brackets, but the flag is the last word.
            name, _, flag = line.rpartition(' ')
            if not name.strip() or flag not in parts:
                raise MGDMError(
                    f'{where}: found {line!r}; expected a file name and 0, 1 or 2, as in the '
                    'official split files of HMDB51.'
                )
            parts[flag].append(_named(classes.names[label], name.strip(), where))
    return {'train': parts['1'], 'val': parts['2']}


def _read_ucf101(folder: Path, classes: ClassNames, split: int) -> dict[str, list[Named]]:
    """Read ``trainlist0N.txt`` and ``testlist0N.txt``.

    Lines are ``Class/name.avi label`` with labels from 1, which must agree with the class, and in
    testing lists the paths alone. The class 'HandstandPushups' has clips named
    'v_HandStandPushups...', and copies differ in which of the two they write: names are compared
    without regard to case.
    """
    parts: dict[str, list[Named]] = {'train': [], 'val': []}
    for part, kind in zip(parts, ('trainlist', 'testlist'), strict=True):
        name = f'{kind}{split:02d}.txt'
        path = min(folder.rglob(name), default=None)
        if path is None:
            raise MGDMError(
                f'{folder}: no {name} in it. Unpack the official split files of UCF101 there '
                '(UCF101TrainTestSplits-RecognitionTask.zip), or name their folder with '
                '--annotations.'
            )
        for where, line in _lines(path):
            match = re.fullmatch(r'(?:.*/)?([^/]+)/(\S+?)(?:\s+(\d+))?', line)
            if not match:
                raise MGDMError(
                    f"{where}: found {line!r}; expected 'Class/name.avi' with a number from 1 "
                    'after it in training lists, as in the official files of UCF101.'
                )
            class_name, file_name, count = match.groups()
            label = classes.label(class_name, where)
            if count and int(count) != label + 1:
                raise MGDMError(
                    f'{where}: {class_name} has number {count}; expected {label + 1}, for class '
                    f'{label} (from 0) of {classes.source}. Lists of another class order need '
                    '--labels FILE with their names in order.'
                )
            parts[part].append(_named(class_name, file_name, where))
    return parts


def _named(class_name: str, file_name: str, where: str) -> Named:
    return Named(f'{class_name}/{file_name}', (strip_suffixes(file_name),), class_name, where)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file that are not empty, each after its file and line number."""
    text = path.read_bytes().decode('utf-8-sig', 'surrogateescape')
    for count, line in enumerate(text.split('\n'), 1):
        if line.strip():
            yield f'{path}:{count}', line.strip()


#: Data sets with official splits; a reader returns the clips of the parts 'train' and 'val'.
SPLIT_READERS: dict[str, Callable] = {'hmdb51': _read_hmdb51, 'ucf101': _read_ucf101}
