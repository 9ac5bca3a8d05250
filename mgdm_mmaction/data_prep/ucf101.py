"""UCF101: three official splits, a list of training and one of testing clips each."""

from pathlib import Path

from ..errors import MGDMError
from .clip_list import ClipList
from .matching import ClassNames, ClipIndex
from .media import MediaTree
from .split_files import add_named, add_notes, empty_lists, numbered_lines

__all__ = ['check_class_ind', 'ucf101_lists']


def ucf101_lists(
    annotations: str | Path, tree: MediaTree, classes: ClassNames, split: int
) -> dict[str, ClipList]:
    """Build the lists of a split of UCF101.

    ``trainlist0N.txt`` has lines ``Class/name.avi label`` with labels from 1, ``testlist0N.txt``
    the paths alone. The label is that of the class folder in the line; a number beside it must
    agree. The class 'HandstandPushups' has clips named 'v_HandStandPushups...', and copies differ
    in which of the two they write: names are compared without regard to case.

    Args:
        annotations (str | Path): Folder with these files, or above it.
        tree (MediaTree): The videos.
        classes (ClassNames): Label order.
        split (int): 1, 2 or 3.

    Returns:
        dict[str, ClipList]: 'train' and 'val'.

    Raises:
        MGDMError: If a file is missing or a line has another form, class or number.
    """
    lists = empty_lists('ucf101', classes, split)
    index = ClipIndex(tree, loose=True)
    for part, kind in (('train', 'trainlist'), ('val', 'testlist')):
        path = _official_file(Path(annotations), f'{kind}{split:02d}.txt')
        for where, line in numbered_lines(path):
            fields = line.split()
            folder, _, name = fields[0].rpartition('/')
            numbers = fields[1:]
            if not folder or len(numbers) > 1 or not all(text.isdigit() for text in numbers):
                raise MGDMError(
                    f"{where}: found {line!r}; expected 'Class/name.avi' with a number from 1 "
                    'after it in training lists, as in the official files of UCF101.'
                )
            class_name = folder.rpartition('/')[2]
            label = classes.label(class_name, where)
            if numbers and int(numbers[0]) != label + 1:
                raise MGDMError(
                    f'{where}: {class_name} has number {numbers[0]}; expected {label + 1}, for '
                    f'class {label} (from 0) of {classes.source}. Labels in this file count from '
                    '1, in the order of classInd.txt: is it of another copy?'
                )
            add_named(lists[part], index, name, class_name, label)
    add_notes(lists, index, tree, 'ucf101')
    return lists


def check_class_ind(annotations: str | Path, classes: ClassNames) -> bool:
    """Compare ``classInd.txt`` of UCF101, where it is there, with the label order.

    Args:
        annotations (str | Path): Folder with the file, or above it.
        classes (ClassNames): Label order.

    Returns:
        bool: Whether the file is there.

    Raises:
        MGDMError: If a line has another form, or the orders differ.
    """
    found = sorted(Path(annotations).rglob('classInd.txt'))
    if not found:
        return False
    names = []
    for where, line in numbered_lines(found[0]):
        count, _, name = line.partition(' ')
        if not count.isdigit() or int(count) != len(names) + 1:
            raise MGDMError(f"{where}: found {line!r}; expected '{len(names) + 1} ClassName'.")
        names.append(name.strip())
        if classes.find(names[-1]) != len(names) - 1:
            raise MGDMError(
                f'{where}: class {count} is {names[-1]!r}, but label {len(names) - 1} of '
                f'{classes.source} is '
                + (repr(classes.names[len(names) - 1]) if len(names) <= len(classes) else 'none')
                + '. Lists of another class order need --labels FILE with their names in order.'
            )
    if len(names) != len(classes):
        raise MGDMError(
            f'{found[0]}: {len(names)} classes; expected the {len(classes)} of {classes.source}.'
        )
    return True


def _official_file(folder: Path, name: str) -> Path:
    found = sorted(folder.rglob(name)) if folder.is_dir() else []
    if not found:
        raise MGDMError(
            f'{folder}: no {name} in it. Unpack the official split files of UCF101 there (archive '
            'UCF101TrainTestSplits-RecognitionTask.zip), or name their folder with --annotations.'
        )
    return found[0]
