"""Checking a negatives file and saying in a few lines what it holds."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..text.prompts import describe_prompt
from .format import NegativesHeader
from .reader import read_negatives

__all__ = ['NegativesSummary', 'validate_negatives']


@dataclass(frozen=True)
class NegativesSummary:
    """What :func:`validate_negatives` found in a file without mistakes.

    Args:
        path (str): The file.
        header (NegativesHeader): Its header.
        num_videos (int): Videos it holds.
        classes_without_video (list[str]): Classes of the data set that no video has.
        used_labels (int): Labels of the corpus that are a negative of some video.
        frequent (list[tuple[str, int]]): The labels that are a negative of most videos.
    """

    path: str
    header: NegativesHeader
    num_videos: int
    classes_without_video: list[str]
    used_labels: int
    frequent: list[tuple[str, int]]

    @property
    def k(self) -> int:
        """Negatives of every video."""
        return self.header.k

    def __str__(self) -> str:
        head = self.header
        lines = [
            f'{self.path}: no mistakes found',
            f'  videos        {self.num_videos}, {head.k} negatives each',
            f'  corpus        {len(head.labels)} labels, {len(head.classes)} of them classes of '
            f'the data set; {self.used_labels} are a negative of some video',
            f'  mined with    {head.describe_tower()}, {describe_prompt(head.prompt)}',
            f'  annotation    digest {head.annotation_digest}',
            '  most frequent ' + ', '.join(f'{label} ({count})' for label, count in self.frequent),
        ]
        if self.classes_without_video:
            names = ', '.join(self.classes_without_video[:5])
            more = ', ...' if len(self.classes_without_video) > 5 else ''
            lines.append(
                f'  note          {len(self.classes_without_video)} classes have no video: '
                f'{names}{more}'
            )
        return '\n'.join(lines)


def validate_negatives(path: str | Path) -> NegativesSummary:
    """Read a negatives file, check every line and summarise it.

    Args:
        path (str | Path): The file.

    Returns:
        NegativesSummary: Prints as a few lines.

    Raises:
        MGDMError: At the first mistake, naming its line.
    """
    file = read_negatives(path)
    counts = np.bincount(file.negatives.ravel(), minlength=len(file.corpus))
    videos = np.bincount(file.labels, minlength=len(file.corpus.classes))
    order = np.argsort(-counts, kind='stable')[:5]
    return NegativesSummary(
        path=str(path),
        header=file.header,
        num_videos=len(file),
        classes_without_video=[file.corpus.classes[i] for i in np.flatnonzero(videos == 0)],
        used_labels=int((counts > 0).sum()),
        frequent=[(file.corpus.labels[i], int(counts[i])) for i in order if counts[i]],
    )
