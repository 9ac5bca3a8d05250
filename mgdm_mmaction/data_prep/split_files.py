"""What the official split files of HMDB51 and UCF101 have in common."""

from pathlib import Path

from .clip_list import ClipList, Missing
from .matching import ClassNames, ClipIndex
from .media import MediaTree, strip_suffixes
from .published import PUBLISHED, compare

__all__ = ['add_named', 'add_notes', 'empty_lists', 'numbered_lines']


def empty_lists(dataset: str, classes: ClassNames, split: int) -> dict[str, ClipList]:
    """Return the two lists of a split, still without clips, by the keys 'train' and 'val'."""
    return {
        part: ClipList(
            f'{dataset} split {split} {part}',
            classes.names,
            PUBLISHED[dataset][f'{part} {split}'],
        )
        for part in ('train', 'val')
    }


def numbered_lines(path: Path) -> list[tuple[str, str]]:
    """Return the lines of a file that are not empty, each after its file and line number."""
    text = path.read_bytes().decode('utf-8', 'surrogateescape').removeprefix('\ufeff')
    lines = enumerate(text.split('\n'), 1)
    return [(f'{path}:{number}', line.strip()) for number, line in lines if line.strip()]


def add_named(clips: ClipList, index: ClipIndex, name: str, class_name: str, label: int) -> None:
    """Add the clip that a split file names, or note that it is not there."""
    media = index.find(strip_suffixes(name), class_name)
    if media is None:
        clips.missing.append(Missing(f'{class_name}/{name}', 'no such clip'))
    else:
        clips.add(media, label, f'{class_name}/{name}')


def add_notes(lists: dict[str, ClipList], index: ClipIndex, tree: MediaTree, dataset: str) -> None:
    """Say how large the whole copy is, and which names had to be read with tolerance."""
    whole = ', '.join(compare(len(tree.items), PUBLISHED[dataset]['all']))
    lists['train'].notes.append(f'{tree.root}: {len(tree.items)} clips; {whole}')
    if index.loose_matches:
        lists['val'].notes.append(
            f'clips found under a name with other signs or case: {index.loose_matches}'
        )
    if index.ambiguous:
        lists['val'].notes.append(
            f'names in several folders of their class, the first taken: {index.ambiguous}'
        )
