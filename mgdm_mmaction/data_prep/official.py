"""The official files of data sets: which clips they name, under which class.

Published counts are those of MMAction2's documentation (Kinetics), activity-net.org (ActivityNet
1.3), VideoMAE V2's documentation (Something-Something v2), the papers of Charades (Sigurdsson et
al., ECCV 2016) and JHMDB (Jhuang et al., ICCV 2013), and those who train on Diving48, version 2.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import MGDMError, explain_csv
from .lists import ClipList, compare, number, some
from .matching import ClassNames, Named, match_clips
from .media import MediaTree, strip_suffixes

__all__ = ['OFFICIAL', 'Official', 'kinetics_list', 'official_lists', 'read_kinetics']

# Sizes as others print them, to compare a copy with.
_PAPER = 'MGDM'
_MMACTION2 = "MMAction2's documentation"
_OTHER = 'another copy in use'
_OFFICIAL = 'the official split'
_USERS = 'those who train on it'
_ALL = 'all clips'

# Clips from YouTube disappear, so that no two copies of Kinetics are alike.
_PUBLISHED = {
    'kinetics400': {
        'train': ((_PAPER, 234_619), (_MMACTION2, 240_436)),
        'val': ((_PAPER, 19_761), (_MMACTION2, 19_796), (_OTHER, 19_877)),
    },
    'kinetics600': {'train': ((_MMACTION2, 383_393),), 'val': ((_MMACTION2, 27_910),)},
    'kinetics700': {'train': ((_MMACTION2, 542_357),), 'val': ((_MMACTION2, 34_824),)},
    'hmdb51': {
        'all': ((_ALL, 6_766),),
        **{f'train {s}': ((_OFFICIAL, 3_570),) for s in (1, 2, 3)},
        **{f'val {s}': ((_OFFICIAL, 1_530),) for s in (1, 2, 3)},
    },
    'ucf101': {
        'all': ((_ALL, 13_320),),
        **{f'train {s}': ((_OFFICIAL, n),) for s, n in ((1, 9_537), (2, 9_586), (3, 9_624))},
        **{f'val {s}': ((_OFFICIAL, n),) for s, n in ((1, 3_783), (2, 3_734), (3, 3_696))},
    },
    'jhmdb': {'all': ((_ALL, 928),)},
    'sthv2': {'train': ((_OFFICIAL, 168_913),), 'val': ((_OFFICIAL, 24_777),)},
    'diving48': {'train': ((_USERS, 15_027),), 'val': ((_USERS, 1_970),)},
    'charades': {'train': ((_OFFICIAL, 7_985),), 'val': ((_OFFICIAL, 1_863),)},
    'activitynet': {
        'train': (('segments', 15_410), ('videos', 10_024)),
        'val': (('segments', 7_654), ('videos', 4_926)),
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
        clips.append(Named(stamped, (stamped, name), (row['label'].strip(),), where))
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


class Official(NamedTuple):
    """A data set with official files.

    Args:
        title (str): What people call it.
        read (Callable[[Path, ClassNames, int], dict[str, list[Named]]]): Takes the folder of the
            files, the label order and a split; returns the clips of the parts 'train' and 'val'.
        classes (Callable[[Path], ClassNames], optional): Takes the folder; returns the label order.
            Defaults to None: a packaged label map has it.
        splits (tuple[int, ...], optional): Defaults to (): there is one, without a number.
        loose (bool, optional): See :func:`~mgdm_mmaction.data_prep.matching.match_clips`.
    """

    title: str
    read: Callable[[Path, ClassNames, int], dict[str, list[Named]]]
    classes: Callable[[Path], ClassNames] | None = None
    splits: tuple[int, ...] = ()
    loose: bool = False


def official_lists(
    name: str, annotations: Path, tree: MediaTree, classes: ClassNames, split: int = 0
) -> dict[str, ClipList]:
    """Build the lists 'train' and 'val' of a data set, or of one of its official splits.

    Args:
        name (str): One of :data:`OFFICIAL`.
        annotations (Path): Folder with its official files, or above it.
        tree (MediaTree): The videos.
        classes (ClassNames): Label order.
        split (int, optional): Number of the split. Defaults to 0: the data set has one.

    Raises:
        MGDMError: If a file is missing or has another form or class.
    """
    lists = {}
    official, published = OFFICIAL[name], _PUBLISHED[name]
    for part, named in official.read(annotations, classes, split).items():
        key = f'{part} {split}' if split else part
        title = f'{name} split {split} {part}' if split else f'{name} {part}'
        clips = ClipList(title, classes.names, tree.root, published.get(key, ()))
        lists[part] = clips
        match_clips(clips, named, tree, classes, official.loose)
        if wanted := _CLIPS_A_CLASS.get(name, {}).get(part):
            counts = clips.per_class().items()
            odd = [f'{count} {classes.names[i]}' for i, count in counts if count != wanted]
            if odd:
                clips.notes.append(f'classes without exactly {wanted} clips: {some(odd)}')
    if 'all' in published:
        whole = ', '.join(compare(len(tree.items), published['all']))
        lists['train'].notes.append(f'{tree.root}: {len(tree.items)} clips; {whole}')
    return lists


def _read_hmdb51(folder: Path, classes: ClassNames, split: int) -> dict[str, list[Named]]:
    """Read ``<class>_test_split<N>.txt`` of HMDB51 or JHMDB, with lines ``name.avi flag``.

    Flag 1 is training, 2 is testing, 0 is neither.
    """
    end = f'_test_split{split}.txt'
    files = {
        classes.label(path.name.removesuffix(end), str(path)): path
        for path in _files(folder, f'*{end}')
    }
    lacking = [name for label, name in enumerate(classes.names) if label not in files]
    if lacking:
        raise MGDMError(
            f'{folder}: no {lacking[0]}{end} ({len(lacking)} of {len(classes.names)} classes have '
            'no file of this split). Unpack all official split files there.'
        )
    parts: dict[str, list[Named]] = {'0': [], '1': [], '2': []}
    for label, path in sorted(files.items()):
        for where, line in _lines(path):
            # Names hold '#', '&', ';', '[' and brackets, but the flag is the last word.
            name, _, flag = line.rpartition(' ')
            if not name.strip() or flag not in parts:
                raise MGDMError(
                    f'{where}: found {line!r}; expected a file name and 0, 1 or 2, as in the '
                    'official split files.'
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
        for where, line in _lines(_files(folder, f'{kind}{split:02d}.txt')[0]):
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
    return Named(f'{class_name}/{file_name}', (strip_suffixes(file_name),), (class_name,), where)


def _files(folder: Path, pattern: str) -> list[Path]:
    found = sorted(path for path in folder.rglob(pattern) if path.name[0] != '.')
    if not found:
        raise MGDMError(
            f'{folder}: no {pattern} in it. Unpack the official files of the data set there, or '
            'name their folder with --annotations.'
        )
    return found


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file that are not empty, each after its file and line number."""
    text = path.read_bytes().decode('utf-8-sig', 'surrogateescape')
    for count, line in enumerate(text.split('\n'), 1):
        if line.strip():
            yield f'{path}:{count}', line.strip()


def _jhmdb_classes(folder: Path) -> ClassNames:
    names = {re.sub(r'_test_split\d\.txt', '', p.name) for p in _files(folder, '*_test_split?.txt')}
    return ClassNames(sorted(names), str(folder))


def _of_files(
    title: str,
    form: str,
    classes: str,
    train: str,
    val: str,
    names: Callable[[Any], list[str]],
    clips: Callable[[Any, list[str], str], Iterator[tuple[Sequence[str], Sequence[str]]]],
) -> Official:
    """Describe a data set by the patterns of its files' names, and what to take from their content.

    That is a json value, the rows of a csv file, or lines. ``clips`` takes it, the classes and the
    part; it yields the names that a clip may have, and its classes. ``form`` is for messages.
    """

    def load(folder: Path, pattern: str, use: Callable[[Path, Any], Any]) -> Any:
        path = _files(folder, pattern)[0]
        try:
            text = path.read_text('utf-8-sig')
            lines = text.splitlines()
            content = {'.json': json.loads, '.csv': lambda _: list(csv.DictReader(lines))}
            return use(path, content.get(path.suffix, lambda _: lines)(text))
        except (AttributeError, LookupError, TypeError, ValueError, csv.Error) as error:
            raise MGDMError(
                f'{path}: cannot be read ({type(error).__name__}: {error}); expected the official '
                f'file of {title}: {form}.'
            ) from None

    def read_names(folder: Path) -> list[str]:
        return load(folder, classes, lambda _, content: names(content))

    def read(folder: Path, _classes: ClassNames, _split: int) -> dict[str, list[Named]]:
        own = read_names(folder)
        return {
            part: load(
                folder,
                pattern,
                lambda path, content, part=part: [
                    Named(called[0], called, of, f'{path}: {called[0]}')
                    for called, of in clips(content, own, part)
                ],
            )
            for part, pattern in (('train', train), ('val', val))
        }

    return Official(title, read, lambda folder: ClassNames(read_names(folder), str(folder)))


def _sthv2_clips(content: list, _names: list[str], _part: str) -> Iterator:
    for clip in content:
        yield (clip['id'],), (re.sub(r'[\[\]]', '', clip['template']),)


_TURNS = {'No': 'no', '05': 'half', '1': 'one', '2': 'two', '3': 'three'}
_TURNS |= {f'{i}5': f'{_TURNS[i]} and a half' for i in '123'} | {'45': 'four and a half'}


def _dive(words: list[str]) -> str:
    """Write a class of Diving48 in words: ``['Back', '15som', '05Twis', 'FREE']``."""

    def spell(match: re.Match) -> str:
        what = 'somersault' if match[2] == 'som' else 'twist'
        return f'{_TURNS[match[1]]} {what}{"" if match[1] in ("1", "05") else "s"}'

    said = [re.sub(r'(No|\d+)(som|Twis)', spell, word) for word in words]
    return ', '.join('straight' if word == 'STR' else word.lower() for word in said)


def _diving48_clips(content: list, names: list[str], _part: str) -> Iterator:
    for clip in content:
        yield (clip['vid_name'],), (names[clip['label']],)


def _charades_clips(content: list, names: list[str], _part: str) -> Iterator:
    """Read rows with columns ``id`` and ``actions``, such as ``c092 11.90 21.20;c147 0 12.6``."""
    for row in content:
        codes = {int(action.split()[0][1:]) for action in row['actions'].split(';') if action}
        yield (row['id'],), [names[code] for code in sorted(codes)]


def _activitynet_names(content: dict) -> list[str]:
    videos = content['database'].values()
    return sorted({segment['label'] for video in videos for segment in video['annotations']})


def _activitynet_clips(content: dict, _names: list[str], part: str) -> Iterator:
    subset = {'train': 'training', 'val': 'validation'}[part]
    for name, video in content['database'].items():
        for segment in video['annotations'] if video['subset'] == subset else ():
            start, end = (int(second) for second in segment['segment'])
            cut = f'{name}_{start:06d}_{end:06d}'
            # The last two are the whole video, of which the first segment counts.
            yield (cut, f'v_{cut}', f'v_{name}', name), (segment['label'],)


#: Data sets that :func:`official_lists` knows.
OFFICIAL = {
    'hmdb51': Official('HMDB51', _read_hmdb51, None, (1, 2, 3), True),
    'ucf101': Official('UCF101', _read_ucf101, None, (1, 2, 3), True),
    'jhmdb': Official('JHMDB', _read_hmdb51, _jhmdb_classes, (1, 2, 3), True),
    'sthv2': _of_files(
        'Something-Something v2',
        'a list of {"id": "1", "template": "Closing [something]"}, labels {"Closing something": 0}',
        classes='*labels.json',
        train='*train.json',
        val='*validation.json',
        names=lambda content: sorted(content, key=lambda name: int(content[name])),
        clips=_sthv2_clips,
    ),
    'diving48': _of_files(
        'Diving48',
        'a list of {"vid_name": "a_00000", "label": 0}, a vocabulary of lists of words',
        classes='Diving48_vocab.json',
        train='Diving48_V2_train.json',
        val='Diving48_V2_test.json',
        names=lambda content: [_dive(words) for words in content],
        clips=_diving48_clips,
    ),
    'charades': _of_files(
        'Charades',
        'columns id and actions ("c092 11.90 21.20;..."), lines "c000 Name" for the classes',
        classes='Charades_v1_classes.txt',
        train='Charades_v1_train.csv',
        val='Charades_v1_test.csv',
        names=lambda lines: [line.split(maxsplit=1)[1] for line in lines],
        clips=_charades_clips,
    ),
    'activitynet': _of_files(
        'ActivityNet',
        '{"database": {"ID": {"subset": "training", "annotations": [{"segment": [0, 1], "label": '
        '"Name"}]}}}',
        *['activity_net*.json'] * 3,
        names=_activitynet_names,
        clips=_activitynet_clips,
    ),
}
