"""Which videos of an annotation list a negatives file has."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from ...datasets.annotations import check_annotation
from ...errors import MGDMError
from .. import NegativesFile

__all__ = ['ListCoverage', 'list_coverage']


class ListCoverage(NamedTuple):
    """What a negatives file has of the videos of annotation lists.

    Args:
        videos (pd.DataFrame): The different videos they name: ``path``, ``label`` and ``mined``,
            the label in the file, or -1 where it lacks the video.
        num_not_listed (int): Videos of the file that the lists do not name.
        same_digest (bool | None): Whether the header names this list's digest; None for several
            lists, where it is not compared.
    """

    videos: pd.DataFrame
    num_not_listed: int
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

    Raises:
        MGDMError: If a list is missing, empty, has a line of another form, or a label that the
            file's classes do not reach.
    """
    options = (delimiter, rawframes, with_offset)
    listed, digests = [], []
    for ann_file in ann_files:
        try:
            summary = check_annotation(ann_file, len(file.corpus.classes), *options)
        except MGDMError as error:
            raise MGDMError(f'--list: {error}') from None
        digests.append(summary.digest)
        for path, label in summary.rows:
            if rawframes:
                path, *offset, frames = path.split()
                path = f'{path}@{offset[0]}+{frames}' if with_offset else path
            listed.append((path, label))
    videos = pd.DataFrame(listed, columns=['path', 'label']).drop_duplicates('path')
    rows = [file.find(path) for path in videos['path']]
    videos['mined'] = [-1 if row is None else int(file.labels[row]) for row in rows]
    return ListCoverage(
        videos=videos,
        num_not_listed=len(file) - len(set(rows) - {None}),
        same_digest=digests[0] == file.header.annotation_digest if len(digests) == 1 else None,
    )
