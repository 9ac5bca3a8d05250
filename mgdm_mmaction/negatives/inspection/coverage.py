"""Which videos of an annotation list a negatives file has."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...datasets.annotations import check_annotation
from ...errors import MGDMError
from .. import NegativesFile

__all__ = ['ListCoverage', 'list_coverage']


@dataclass(frozen=True)
class ListCoverage:
    """What a negatives file has of the videos of annotation lists.

    Args:
        ann_files (list[str]): The lists.
        num_listed (int): Different videos they name.
        missing (list[str]): Those without negatives.
        other_class (list[str]): Those that have another label in the file.
        num_not_listed (int): Videos of the file that the lists do not name.
        listed (np.ndarray): Listed videos of every class, shape [C].
        found (np.ndarray): Those of them that the file has, shape [C].
        same_digest (bool | None): Whether the header names this list's digest; None for several
            lists, where it is not compared.
    """

    ann_files: list[str]
    num_listed: int
    missing: list[str]
    other_class: list[str]
    num_not_listed: int
    listed: np.ndarray
    found: np.ndarray
    same_digest: bool | None


def list_coverage(
    file: NegativesFile,
    ann_files: Sequence[str],
    delimiter: str | None = ' ',
    rawframes: bool = False,
    with_offset: bool = False,
) -> ListCoverage:
    """Compare a negatives file with annotation lists.

    Args:
        file (NegativesFile): The file.
        ann_files (Sequence[str]): Lists as MMAction2's ``VideoDataset`` or ``RawframeDataset``
            reads them.
        delimiter (str, optional): Between path and label of a video list. Defaults to ' '.
        rawframes (bool, optional): The lists are of raw frames. Defaults to False.
        with_offset (bool, optional): The lists of raw frames have offsets. Defaults to False.

    Returns:
        ListCoverage: Counts and names.

    Raises:
        MGDMError: If a list is missing, empty, has a line of another form, or a label that the
            file's classes do not reach.
    """
    num_classes = len(file.corpus.classes)
    listed, found = np.zeros(num_classes, dtype=np.int64), np.zeros(num_classes, dtype=np.int64)
    missing, other_class, rows, seen, digests = [], [], set(), set(), []
    for ann_file in ann_files:
        if os.path.isdir(ann_file):
            raise MGDMError(f'--list {ann_file}: is a folder; name annotation lists.')
        try:
            summary = check_annotation(ann_file, num_classes, delimiter, rawframes, with_offset)
        except MGDMError as error:
            raise MGDMError(f'--list: {error}') from None
        digests.append(summary.digest)
        for path, label in _read(ann_file, delimiter, rawframes, with_offset):
            if path in seen:
                continue
            seen.add(path)
            listed[label] += 1
            row = file.find(path)
            if row is None:
                missing.append(path)
                continue
            rows.add(row)
            found[label] += 1
            if file.labels[row] != label:
                other_class.append(path)
    return ListCoverage(
        ann_files=[str(ann_file) for ann_file in ann_files],
        num_listed=len(seen),
        missing=missing,
        other_class=other_class,
        num_not_listed=len(file) - len(rows),
        listed=listed,
        found=found,
        same_digest=digests[0] == file.header.annotation_digest if len(digests) == 1 else None,
    )


def _read(
    ann_file: str, delimiter: str | None, rawframes: bool, with_offset: bool
) -> Iterator[tuple[str, int]]:
    """Yield the path of every line, as negatives name it, with its label."""
    with open(ann_file, encoding='utf-8', errors='surrogateescape') as lines:
        for line in lines:
            fields = line.strip().split(None if rawframes else delimiter)
            path = fields[0]
            if with_offset:
                path = f'{path}@{fields[1]}+{fields[2]}'
            yield path, int(fields[-1])
