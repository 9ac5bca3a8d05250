"""A data set of one's own: one folder a class."""

from ..errors import MGDMError
from .lists import ClipList, some
from .matching import ClassNames
from .media import Media, MediaTree
from .protocols import shuffled

__all__ = ['folder_classes', 'folder_list', 'split_by_class']

# Folders that hold a split, not a class.
_SPLITS = {'train', 'training', 'val', 'valid', 'validation', 'test', 'testing'}


def folder_classes(tree: MediaTree) -> list[str]:
    """Return the class folders of a tree in alphabetical order, upper and lower case alike.

    Raises:
        MGDMError: If there are fewer than two, or they look like splits.
    """
    names = sorted(
        {item.folders[0] for item in tree.items if item.folders},
        key=lambda name: (name.casefold(), name),
    )
    if names and {name.casefold() for name in names} <= _SPLITS:
        names.sort(key=lambda name: not name.casefold().startswith('train'))
        val = f' --val {tree.root / names[1]}' if names[1:] else ''
        raise MGDMError(
            f'{tree.root}: its folders {", ".join(names)} are splits, not classes. Run: folders '
            f'{tree.root / names[0]}{val}'
        )
    if len(names) < 2:
        found = f'only {names[0]!r}' if names else 'all clips lie in the folder itself'
        raise MGDMError(
            f'{tree.root}: expected one folder a class, two at least, but {found}. Name the folder '
            'above the class folders.'
        )
    return names


def folder_list(tree: MediaTree, classes: ClassNames, title: str) -> ClipList:
    """List all clips of a tree, labelled by their class folders in any spelling.

    Raises:
        MGDMError: If a folder is none of the classes.
    """
    clips = ClipList(title, classes.names, tree.root)
    seen = set()
    for item in tree.items:
        if item.folders:
            name = item.folders[0]
            seen.add(name)
            clips.add(item, classes.label(name, str(tree.root / name)))
        else:
            clips.missing.append((item.path, 'lies in no class folder'))
    below = {path.name for path in tree.root.iterdir() if path.is_dir() and path.name[0] != '.'}
    if bare := sorted(below - seen):
        clips.notes.append(f'folders without a clip, left out: {some(bare)}')
    counts = clips.per_class().items()
    if empty := [classes.names[label] for label, count in counts if not count]:
        clips.notes.append(f'classes without a clip here: {some(empty)}')
    return clips


def split_by_class(clips: ClipList, fraction: float, seed: int = 0) -> tuple[ClipList, ClipList]:
    """Divide a list into training and validation, class by class.

    Every class gives the same share, at least one clip and never its last one. Which clips they are
    follows from the seed and their paths alone: it is the same on any machine, and clips that are
    added later leave most of the others where they were.

    Raises:
        MGDMError: If the fraction is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise MGDMError(f'--val-fraction {fraction:g}: expected a share between 0 and 1, like 0.2.')
    train = ClipList(f'{clips.title} train', clips.classes, clips.root, missing=clips.missing)
    val = ClipList(f'{clips.title} val', clips.classes, clips.root)
    by_class: dict[int, list[Media]] = {}
    for media, label in clips.rows:
        by_class.setdefault(label, []).append(media)
    chosen = set()
    for found in by_class.values():
        count = min(max(round(len(found) * fraction), 1), len(found) - 1)
        chosen.update(shuffled((media.path for media in found), seed)[:count])
    for media, label in clips.rows:
        (val if media.path in chosen else train).rows.append((media, label))
    train.notes += clips.notes
    val.notes.append(f'{fraction:.0%} of every class, drawn with seed {seed}')
    if single := [clips.classes[label] for label, found in by_class.items() if len(found) == 1]:
        val.notes.append(f'classes with one clip in all, which is in training: {some(single, 1)}')
    return train, val
