"""Choosing videos and classes for few-shot, zero-shot and base-to-novel tests.

Every choice follows from a hash of a seed and a name: it depends neither on the order of the lists
nor on the version of a random number generator, so that the same command writes the same files on
every machine.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from ..datasets.annotations import check_annotation
from ..errors import MGDMError
from ..text.corpus import normalize_label
from .lists import ListForm
from .matching import ClassNames

__all__ = [
    'Row',
    'base_and_novel',
    'draw_classes',
    'few_shot_rows',
    'read_rows',
    'restrict_rows',
    'share_rows',
    'shuffled',
    'unseen_classes',
]

#: A line of a list: everything before the label, and the label.
Row = tuple[str, int]


def read_rows(paths: Sequence[str], num_classes: int, form: ListForm) -> list[Row]:
    """Read lists; a video that is in several is taken once.

    Raises:
        MGDMError: If a list is missing or wrong, or lists give a video different labels.
    """
    labels: dict[str, int] = {}
    for path in paths:
        found = check_annotation(path, num_classes, form.delimiter, form.frames is not None)
        for line_no, (video, label) in zip(found.line_numbers, found.rows, strict=True):
            if labels.setdefault(video, label) != label:
                raise MGDMError(
                    f'{path}:{line_no}: {video!r} has label {label} here and {labels[video]} '
                    'before. Correct the lists.'
                )
    return list(labels.items())


def shuffled(items: Iterable[str], seed: int | str) -> list[str]:
    """Sort names by the SHA-256 of ``'<seed>:<name>'``: only the seed and the names decide."""

    def key(item: str) -> bytes:
        return hashlib.sha256(f'{seed}:{item}'.encode()).digest()

    return sorted(items, key=key)


def few_shot_rows(
    rows: Sequence[Row], classes: Sequence[str], shots: int, seed: int, allow_fewer: bool = False
) -> list[Row]:
    """Choose K videos of every class, in the order of the list.

    The choices of one seed are nested: the videos of K = 2 are among those of K = 4.

    Raises:
        MGDMError: If a class has fewer than K videos, or none where fewer are allowed.
    """
    if shots < 1:
        raise MGDMError(f'--shots {shots}: expected at least 1 video a class.')
    own: list[list[str]] = [[] for _ in classes]
    for path, label in rows:
        own[label].append(path)
    lowest = 1 if allow_fewer else shots
    if few := [label for label, paths in enumerate(own) if len(paths) < lowest]:
        least = min(len(own[label]) for label in few)
        named = ', '.join(f'{classes[label]!r} has {len(own[label])}' for label in few[:3])
        raise MGDMError(
            f'{shots} videos a class are wanted, but {len(few)} of {len(classes)} classes have '
            f'fewer: {named}. Choose a smaller K (--shots {max(least, 1)})'
            + ('.' if allow_fewer else ', or take what is there with --allow-fewer.')
        )
    chosen = [set(shuffled(paths, seed)[:shots]) for paths in own]
    return [(path, label) for path, label in rows if path in chosen[label]]


def share_rows(rows: Sequence[Row], share: float, seed: int) -> list[Row]:
    """Choose a share of the videos of every class, one at least, in the order of the list.

    The choices of one seed are nested, as those of :func:`few_shot_rows` are.

    Raises:
        MGDMError: If the share is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise MGDMError(f'--shares {share:g}: expected a share above 0 and below 1, such as 0.2.')
    own: dict[int, list[str]] = {}
    for path, label in rows:
        own.setdefault(label, []).append(path)
    chosen = {
        path
        for paths in own.values()
        for path in shuffled(paths, seed)[: max(1, round(share * len(paths)))]
    }
    return [row for row in rows if row[0] in chosen]


def draw_classes(classes: Sequence[str], number: int, draw: int) -> list[str]:
    """Draw classes at random, by the number of the draw, and return them in the order given.

    Raises:
        MGDMError: If there are not so many classes.
    """
    if not 2 <= number <= len(classes):
        raise MGDMError(
            f'{number} classes are to be drawn from {len(classes)}; expected 2 to {len(classes)}.'
        )
    # By the normalised name, so that two spellings of a label map give the same draw.
    keys = {normalize_label(name): name for name in classes}
    chosen = {keys[key] for key in shuffled(keys, draw)[:number]}
    return [name for name in classes if name in chosen]


def base_and_novel(
    counts: Mapping[int, int], classes: Sequence[str]
) -> tuple[list[str], list[str], bool]:
    """Split classes by their number of videos into the more frequent half and the rest.

    Returns:
        tuple[list[str], list[str], bool]: Base classes (the larger half of an odd number) and novel
        ones, in label order, and whether the border runs through classes that are equally frequent.
        Among these, higher labels are base: with 70 videos in each class of HMDB51 that gives the
        26 base classes that ViFi-CLIP publishes.
    """
    order = sorted(range(len(classes)), key=lambda label: (-counts.get(label, 0), -label))
    border = (len(classes) + 1) // 2
    base = set(order[:border])
    tied = counts.get(order[border - 1], 0) == counts.get(order[border], 0)
    return (
        [name for label, name in enumerate(classes) if label in base],
        [name for label, name in enumerate(classes) if label not in base],
        tied,
    )


def unseen_classes(classes: ClassNames, seen: Sequence[str], same: Sequence[str] = ()) -> list[str]:
    """Return the classes of a test set that training has not seen under any spelling.

    ``same`` are names of the test set that only rename a class of the training set.
    """
    known = {classes.find(name) for name in seen} | {classes.label(x, '--same') for x in same}
    left = [name for label, name in enumerate(classes.names) if label not in known]
    if not left:
        raise MGDMError(f'all {len(classes.names)} classes were seen in training; nothing is left.')
    return left


def restrict_rows(rows: Sequence[Row], classes: ClassNames, chosen: Sequence[str]) -> list[Row]:
    """Keep the videos of some classes; the order of ``chosen`` is the new label order.

    Raises:
        MGDMError: If a chosen class is unknown or has no video.
    """
    labels = {classes.label(name, 'chosen classes'): new for new, name in enumerate(chosen)}
    kept = [(path, labels[label]) for path, label in rows if label in labels]
    found = {label for _, label in kept}
    empty = [name for new, name in enumerate(chosen) if new not in found]
    if empty:
        raise MGDMError(
            f'{len(empty)} of {len(chosen)} classes have no video in the list, such as '
            f'{empty[:3]}: an accuracy over the others would not be the protocol. Is it the list '
            'of --classes?'
        )
    return kept
