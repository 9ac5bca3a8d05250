"""A data set of one's own: one folder a class."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from .lists import ClipList, some
from .matching import ClassNames
from .media import NOT_TEXT, MediaTree
from .protocols import shuffled

__all__ = ['describe_texts', 'folder_classes', 'folder_list', 'split_by_class']

# A letter alone but 'a' and 'i', letters without a vowel, or a number behind hardly a word.
_ABBREVIATION = re.compile(r'[b-hj-z]|[bcdfghjklmnpqrstvwxz]{2,}|[a-z]{,2}\d+')

# Folders that hold a split, not a class.
_SPLITS = {'train', 'training', 'val', 'valid', 'validation', 'test', 'testing'}


def folder_classes(tree: MediaTree) -> list[str]:
    """Return the class folders of a tree in alphabetical order, upper and lower case alike.

    Raises:
        MGDMError: If there are fewer than two, or they look like splits.
    """
    names = sorted(
        {item.folders[0] for item in tree.items if item.folders and item.fault != NOT_TEXT},
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
        seen.update(item.folders[:1])
        if item.fault == NOT_TEXT:
            clips.add(item, -1)
        elif item.folders:
            name = item.folders[0]
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


def describe_texts(classes: Sequence[str], path: Path) -> str:
    """Show which texts the names of classes become, and warn of what looks abbreviated.

    Args:
        classes (Sequence[str]): Class names in label order.
        path (Path): The file that they were written to.
    """
    corpus = LabelCorpus(classes)
    short = [x for x in corpus.labels if any(map(_ABBREVIATION.fullmatch, x.split()))]
    first = ', '.join(map(repr, corpus.prompts[:3]))
    more = ', ...' if len(corpus) > 3 else ''
    lines = [f'CLIP reads the {len(corpus)} class names as: {first}{more}']
    if short:
        lines.append(
            f'warning: these look abbreviated, which CLIP does not know: {some(short)}. Write the '
            f'words out in {path}, in the same order.'
        )
    return '\n'.join(lines)


def split_by_class(
    clips: ClipList, fraction: float, seed: int = 0, groups: Mapping[str, str] | None = None
) -> tuple[ClipList, ClipList]:
    """Divide a list into training and validation, recording by recording.

    Every class gives the same share, as nearly as its groups allow: one at least and never its
    last one. Which they are follows from the seed and the names alone: it is the same on any
    machine, and clips that are added later leave most of the others where they were.

    Args:
        clips (ClipList): The list.
        fraction (float): Share of every class for validation.
        seed (int, optional): Of the choice. Defaults to 0.
        groups (Mapping[str, str], optional): The group of every path, which is on one side as a
            whole. Defaults to None: every clip is one.

    Raises:
        MGDMError: If the fraction is not between 0 and 1, or no class has two groups.
    """
    if not 0 < fraction < 1:
        raise MGDMError(f'--val-fraction {fraction:g}: expected a share between 0 and 1, like 0.2.')
    train = ClipList(f'{clips.title} train', clips.classes, clips.root, missing=clips.missing)
    val = ClipList(f'{clips.title} val', clips.classes, clips.root)
    group_of = {media.path: media.path for media, _ in clips.rows} if groups is None else groups
    members: dict[str, Counter] = {}
    for media, label in clips.rows:
        members.setdefault(group_of[media.path], Counter())[label] += 1
    of_class = Counter(label for counts in members.values() for label in counts)
    single = [label for label, count in of_class.items() if count == 1]
    if groups is not None and len(single) == len(of_class):
        raise MGDMError(
            f'--group-by: every class has one group only, such as {next(iter(members))!r} in '
            f'{clips.classes[single[0]]!r}: there is nothing to divide. See the paths of the clips.'
        )
    chosen = _choose(members, clips.per_class(), fraction, seed, set(single))
    for media, label in clips.rows:
        (val if group_of[media.path] in chosen else train).rows.append((media, label))
    train.notes += clips.notes
    of = '' if groups is None else f' in {len(members)} groups'
    val.notes.append(f'{fraction:.0%} of every class{of}, drawn with seed {seed}')
    if single:
        what = 'clip' if groups is None else 'group'
        names = [clips.classes[label] for label in single]
        val.notes.append(f'classes with one {what} in all, which is in training: {some(names, 1)}')
    return train, val


def _choose(
    members: Mapping[str, Counter], total: Counter, fraction: float, seed: int, single: set[int]
) -> set[str]:
    """Choose groups for validation: move one while that brings the classes nearer to the share."""
    here: Counter = Counter()

    def miss(label: int, count: int) -> float:
        empty = count in (0, total[label])
        return abs(count - round(fraction * total[label])) / total[label] + empty

    chosen, moved = set(), True
    order = shuffled((name for name, own in members.items() if not single & own.keys()), seed)
    while moved:
        moved = False
        for name in order:
            sign = -1 if name in chosen else 1
            after = {label: here[label] + sign * own for label, own in members[name].items()}
            gain = sum(miss(label, here[label]) - miss(label, n) for label, n in after.items())
            if gain > 1e-9:
                here.update({label: sign * own for label, own in members[name].items()})
                chosen ^= {name}
                moved = True
    return chosen
