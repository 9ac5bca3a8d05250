"""HMDB51: three official splits, one file a class and split."""

import re
from pathlib import Path

from ..errors import MGDMError
from .clip_list import ClipList
from .matching import ClassNames, ClipIndex
from .media import MediaTree
from .split_files import add_named, add_notes, empty_lists, numbered_lines

__all__ = ['hmdb51_lists']

_PARTS = {'1': 'train', '2': 'val', '0': None}
# Clips a class in every split of HMDB51.
_PER_CLASS = {'train': 70, 'val': 30}


def hmdb51_lists(
    annotations: str | Path, tree: MediaTree, classes: ClassNames, split: int
) -> dict[str, ClipList]:
    """Build the lists of a split of HMDB51.

    The official files are ``<class>_test_split<N>.txt``, one a class, with lines ``name.avi flag``:
    1 is training, 2 is testing, 0 is neither.

    Args:
        annotations (str | Path): Folder with these files, or above it.
        tree (MediaTree): The videos.
        classes (ClassNames): Label order.
        split (int): 1, 2 or 3.

    Returns:
        dict[str, ClipList]: 'train' and 'val'.

    Raises:
        MGDMError: If files of classes are missing, or a line has another form.
    """
    files = _class_files(Path(annotations), classes, split)
    lists = empty_lists('hmdb51', classes, split)
    index = ClipIndex(tree, loose=True)
    for label, path in sorted(files.items()):
        for where, line in numbered_lines(path):
            # Names hold '#', '&', ';', '[' and brackets, but the flag is the last word.
            name, _, flag = line.rpartition(' ')
            if not name.strip() or flag not in _PARTS:
                raise MGDMError(
                    f'{where}: found {line!r}; expected a file name and 0, 1 or 2, as in the '
                    'official split files of HMDB51.'
                )
            part = _PARTS[flag]
            if part is not None:
                add_named(lists[part], index, name.strip(), classes.names[label], label)
    for part, clips in lists.items():
        wanted, counts = _PER_CLASS[part], clips.per_class()
        odd = [f'{counts[i]} {classes.names[i]}' for i in counts if counts[i] != wanted]
        if odd:
            clips.notes.append(
                f'classes without exactly {wanted} clips: {len(odd)} ({", ".join(odd[:5])}'
                + (', ...)' if len(odd) > 5 else ')')
            )
    add_notes(lists, index, tree, 'hmdb51')
    return lists


def _class_files(folder: Path, classes: ClassNames, split: int) -> dict[int, Path]:
    if not folder.is_dir():
        raise MGDMError(
            f'{folder}: no such folder; expected the split files of HMDB51 in it, such as '
            'brush_hair_test_split1.txt (official archive: test_train_splits.rar).'
        )
    pattern = re.compile(rf'(.+)_test_split{split}\.txt')
    files: dict[int, Path] = {}
    for path in sorted(folder.rglob(f'*_test_split{split}.txt')):
        match = pattern.fullmatch(path.name)
        if match and not path.name.startswith('.'):
            files[classes.label(match.group(1), str(path))] = path
    lacking = [name for label, name in enumerate(classes.names) if label not in files]
    if lacking:
        raise MGDMError(
            f'{folder}: no {lacking[0]}_test_split{split}.txt ({len(lacking)} of {len(classes)} '
            'classes have no file of this split). Unpack the official split files there, or name '
            'their folder with --annotations.'
        )
    return files
