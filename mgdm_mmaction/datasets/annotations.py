"""Reading and checking annotation files, with file and line in every message."""

import hashlib
import os.path as osp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..compat.annotation_lists import list_lines, read_list
from ..config import data_sets, is_type
from ..errors import MGDMError
from .class_folders import explain_labels

__all__ = [
    'AnnotationSummary',
    'check_annotation',
    'check_dataset',
    'list_digest',
]


@dataclass(frozen=True)
class AnnotationSummary:
    """What an annotation file holds.

    Args:
        ann_file (str): The file.
        num_videos (int): Lines that are not empty.
        num_labels (int): Different labels.
        max_label (int): Largest label.
        digest (str): Fingerprint of the content.
        rows (list[tuple[str, int]]): Everything before the label of a line, and the label.
        line_numbers (list[int]): The line of each row, from 1.
    """

    ann_file: str
    num_videos: int
    num_labels: int
    max_label: int
    digest: str
    rows: list[tuple[str, int]] = field(default_factory=list, repr=False, compare=False)
    line_numbers: list[int] = field(default_factory=list, repr=False, compare=False)


def list_digest(text: str) -> str:
    """Return the fingerprint of a list: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check_annotation(
    ann_file: str,
    num_classes: int | None = None,
    delimiter: str | None = ' ',
    rawframes: bool = False,
    with_offset: bool = False,
    classes: Sequence[str] | None = None,
) -> AnnotationSummary:
    """Read the list of a ``VideoDataset`` or ``RawframeDataset`` and check every line.

    Args:
        ann_file (str): The list: ``path label`` a line, or for raw frames ``folder frames label``
            (``folder offset frames label``).
        num_classes (int, optional): Number of classes that labels must stay below. Defaults to
            None: not checked.
        delimiter (str, optional): Between the fields of a video list. Defaults to ' '.
        rawframes (bool, optional): The list is one of raw frames. Defaults to False.
        with_offset (bool, optional): The list of raw frames has offsets. Defaults to False.
        classes (Sequence[str], optional): Class names in label order, to compare with the folders
            in the paths, see :func:`~mgdm_mmaction.datasets.class_folders.explain_labels`. Defaults
            to None: not compared.

    Returns:
        AnnotationSummary: The rows, counts and a digest.

    Raises:
        MGDMError: If the file is missing, empty or not UTF-8, a line has another form, a label
            that is no number or out of range, or most labels contradict the class folders.
    """
    text = read_list(ann_file)
    lines = list(list_lines(text))
    if not lines:
        raise MGDMError(f'{ann_file}: the annotation file is empty; expected one video a line.')
    form = 'path label'
    if rawframes:
        form = 'folder offset frames label' if with_offset else 'folder frames label'
    separator = None if rawframes else delimiter
    rows = [
        _parse_line(line, f'{ann_file}:{number}', form.split(), separator) for number, line in lines
    ]
    numbers = [number for number, _ in lines]
    labels = {label for _, label in rows}
    if wrong := '' if classes is None else explain_labels(rows, classes):
        raise MGDMError(f'{ann_file}: {wrong}')
    _check_range(str(ann_file), rows, numbers, labels, num_classes)
    return AnnotationSummary(
        str(ann_file), len(rows), len(labels), max(labels), list_digest(text), rows, numbers
    )


def _parse_line(line: str, where: str, form: list[str], separator: str | None) -> tuple[str, int]:
    fields = line.split(separator)
    if len(fields) != len(form):
        hint = (
            'There are tabs in the line: give the tool `--delimiter tab`, or the data set of '
            "the config `delimiter='\\t'`."
            if '\t' in line and separator != '\t'
            else 'If a path holds the delimiter, separate the fields by something else, such '
            "as ';', and set `delimiter` of the data set."
            if len(fields) > len(form)
            else 'Is `delimiter` of the data set the one of this list?'
        )
        raise MGDMError(
            f'{where}: expected {(separator or " ").join(form)!r} but found {line!r}. {hint}'
        )
    try:
        *counts, label = map(int, fields[1:])
    except ValueError:
        raise MGDMError(
            f'{where}: {" ".join(fields[1:])!r} should be whole numbers; labels count from 0.'
        ) from None
    if counts and counts[-1] < 1:
        raise MGDMError(f'{where}: {counts[-1]} frames; delete the line or correct the number.')
    return line.rsplit(separator, 1)[0], label


def _check_range(
    ann_file: str,
    rows: list[tuple[str, int]],
    numbers: list[int],
    labels: set[int],
    num_classes: int | None,
) -> None:
    last = max(labels) if num_classes is None else num_classes - 1
    if min(labels) >= 0 and max(labels) <= last:
        return
    number, (path, label) = next(
        (i, row) for i, row in zip(numbers, rows, strict=True) if not 0 <= row[1] <= last
    )
    limit = 'from 0' if num_classes is None else f'0 to {last}'
    many = '' if num_classes is None else f' for the {num_classes} class names of the config'
    one_based = min(labels) == 1 and max(labels) == num_classes
    todo = (
        'The labels of this list run from 1 to the number of classes: subtract 1 from each.'
        if one_based
        else 'Correct the list or the class names.'
    )
    raise MGDMError(
        f'{ann_file}:{number}: label {label} of {path!r}; expected {limit}{many}. {todo}'
    )


def check_dataset(
    dataset: Mapping, num_classes: int | None = None, classes: Sequence[str] | None = None
) -> list[AnnotationSummary]:
    """Check the annotation files of a data set of a config.

    Args:
        dataset (Mapping): Config of the data set, such as ``cfg.train_dataloader.dataset``;
            wrappers are looked into. Types other than ``VideoDataset`` and ``RawframeDataset``
            and lists with several labels a video are left to the data set itself.
        num_classes (int, optional): Number of classes. Defaults to None.
        classes (Sequence[str], optional): Their names in label order. Defaults to None.

    Returns:
        list[AnnotationSummary]: One for every list that was checked.

    Raises:
        MGDMError: See :func:`check_annotation`.
    """
    found = []
    for inner in data_sets(dataset):
        rawframes = is_type(inner, 'RawframeDataset')
        listed = rawframes or is_type(inner, 'VideoDataset')
        if not listed or inner.get('multi_class'):
            continue
        path, root = inner.get('ann_file', ''), inner.get('data_root')
        if root and path and not osp.isabs(path) and '://' not in path:
            path = osp.join(root, path)
        found.append(
            check_annotation(
                path,
                num_classes,
                delimiter=inner.get('delimiter', ' '),
                rawframes=rawframes,
                with_offset=inner.get('with_offset', False),
                classes=classes,
            )
        )
    return found
