"""Do the labels of a list agree with the class folders in its paths?"""

from collections.abc import Iterable, Sequence

from ..text.corpus import normalize_label

__all__ = ['explain_labels']


def explain_labels(rows: Iterable[tuple[str, int]], classes: Sequence[str]) -> str:
    """Compare labels with the class names in the paths of a list, and say what is wrong.

    Most lists keep one folder a class, so that a list whose labels count from 1, or which belongs
    to class names of another order, gives itself away. Training on it would run without an error,
    against wrong texts. Nothing is said where fewer than two classes are found in the paths, or
    where most labels agree: a few clips may lie in another folder than their label says.

    Args:
        rows (Iterable[tuple[str, int]]): Path and label of every line.
        classes (Sequence[str]): Class names in label order.

    Returns:
        str: What is wrong and what to do; empty if nothing is.

    Example:
        >>> explain_labels([('run/1.mp4', 0), ('jump/2.mp4', 1)], ['run', 'jump'])
        ''
    """
    ids: dict[str, int] = {}
    for label, name in enumerate(classes):
        ids.setdefault(normalize_label(name), label)
    folders: dict[str, int | None] = {}
    found: list[tuple[str, int, int]] = []
    for path, label in rows:
        folder = path.rpartition('/')[0]
        if folder not in folders:
            # The class is the folder nearest to the clip that is called like one.
            keys = (normalize_label(part) for part in reversed(folder.split('/')))
            folders[folder] = next((ids[key] for key in keys if key in ids), None)
        if folders[folder] is not None:
            found.append((path, label, folders[folder]))
    wrong = [row for row in found if row[1] != row[2]]
    if len({row[2] for row in found}) < 2 or 2 * len(wrong) <= len(found):
        return ''
    path, label, own = wrong[0]
    named = repr(classes[label]) if 0 <= label < len(classes) else 'no class'
    start = (
        f'{len(wrong)} of {len(found)} labels contradict the class folder in their path: {path!r} '
        f'has label {label}, which is {named}, but {classes[own]!r} is label {own}. '
    )
    if all(label == own + 1 for _, label, own in found):
        return start + 'All are one too high: labels count from 0, so subtract 1 from each.'
    return start + (
        'The list and the class names are of different orders: name the classes in the order that '
        'the list was made with, or make the list again for these class names.'
    )
