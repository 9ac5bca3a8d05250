"""A data set of one's own: one folder a class."""

import hashlib
from pathlib import Path

from ..errors import MGDMError
from .clip_list import ClipList, Missing
from .matching import ClassNames
from .media import Media, MediaTree

__all__ = ['folder_classes', 'folder_list', 'split_by_class']

# Folders that hold a split, not a class.
_SPLITS = {'train', 'training', 'val', 'valid', 'validation', 'test', 'testing'}


def folder_classes(tree: MediaTree) -> list[str]:
    """Return the class folders of a tree in alphabetical order, upper and lower case alike.

    Args:
        tree (MediaTree): Clips in one folder a class, at any depth inside it.

    Raises:
        MGDMError: If there are fewer than two, or they look like splits.
    """
    names = sorted(
        {item.folders[0] for item in tree.items if item.folders},
        key=lambda name: (name.casefold(), name),
    )
    if names and {name.casefold() for name in names} <= _SPLITS:
        train = next((name for name in names if name.casefold().startswith('train')), names[0])
        others = [name for name in names if name != train]
        val = f' --val {tree.root / others[0]}' if others else ''
        raise MGDMError(
            f'{tree.root}: its folders {", ".join(names)} are splits, not classes. Run: folders '
            f'{tree.root / train}{val}'
        )
    if len(names) < 2:
        found = f'only {names[0]!r}' if names else 'all clips lie in the folder itself'
        raise MGDMError(
            f'{tree.root}: expected one folder a class, two at least, but {found}. Name the folder '
            'above the class folders.'
        )
    return names


def folder_list(tree: MediaTree, classes: ClassNames, title: str) -> ClipList:
    """List all clips of a tree, labelled by their class folders.

    Args:
        tree (MediaTree): Clips in one folder a class, at any depth inside it.
        classes (ClassNames): Label order; folder names may spell them otherwise.
        title (str): What the list is, for reports.

    Raises:
        MGDMError: If a folder is none of the classes.
    """
    clips = ClipList(title, classes.names)
    for item in tree.items:
        if not item.folders:
            clips.missing.append(Missing(item.path, 'lies in no class folder'))
            continue
        where = str(tree.root / item.folders[0])
        clips.add(item, classes.label(item.folders[0], where))
    seen = {item.folders[0] for item in tree.items if item.folders}
    bare = sorted(
        folder.name
        for folder in tree.root.iterdir()
        if folder.is_dir() and not folder.name.startswith('.') and folder.name not in seen
    )
    if bare:
        clips.notes.append(
            f'folders without a clip, left out: {len(bare)} ({", ".join(bare[:5])}'
            + (', ...)' if len(bare) > 5 else ')')
        )
    empty = [classes.names[label] for label, count in clips.per_class().items() if not count]
    if empty:
        clips.notes.append(
            f'classes without a clip here: {len(empty)} ({", ".join(empty[:5])}'
            + (', ...)' if len(empty) > 5 else ')')
        )
    return clips


def split_by_class(clips: ClipList, fraction: float, seed: int = 0) -> tuple[ClipList, ClipList]:
    """Divide a list into training and validation, class by class.

    Every class gives the same share, at least one clip and never its last one. Which clips they are
    follows from the seed and their paths alone: it is the same on any machine, and clips that are
    added later leave most of the others where they were.

    Args:
        clips (ClipList): All clips.
        fraction (float): Share of the validation list, between 0 and 1.
        seed (int, optional): Another number divides otherwise. Defaults to 0.

    Returns:
        tuple[ClipList, ClipList]: Training and validation.

    Raises:
        MGDMError: If the fraction is out of range.
    """
    if not 0 < fraction < 1:
        raise MGDMError(f'--val-fraction {fraction:g}: expected a share between 0 and 1, like 0.2.')
    by_class: dict[int, list[Media]] = {}
    for media, label in clips.rows:
        by_class.setdefault(label, []).append(media)
    chosen, single = set(), []
    for label, found in by_class.items():
        count = min(max(round(len(found) * fraction), 1), len(found) - 1)
        if not count:
            single.append(clips.classes[label])
        ranked = sorted(found, key=lambda media: _draw(seed, media.path))
        chosen.update(media.path for media in ranked[:count])
    train = ClipList(f'{clips.title} train', clips.classes, missing=clips.missing)
    val = ClipList(f'{clips.title} val', clips.classes)
    for media, label in clips.rows:
        (val if media.path in chosen else train).rows.append((media, label))
    train.notes += clips.notes
    val.notes.append(f'{fraction:.0%} of every class, drawn with seed {seed}')
    if single:
        val.notes.append(
            f'classes with one clip in all, which is in training: {len(single)} ({single[0]}'
            + (', ...)' if len(single) > 1 else ')')
        )
    return train, val


def _draw(seed: int, path: str) -> bytes:
    return hashlib.blake2b(f'{seed}\n{Path(path).as_posix()}'.encode(), digest_size=16).digest()
