"""What the scorer gets right and what it confuses, in a few lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..datasets.transforms.unreadable_log import list_unreadable
from ..text.corpus import LabelCorpus

__all__ = ['Confusion', 'MiningSummary', 'SummaryCounter', 'unreadable_file']


def _first(num_labels: int) -> int:
    """How many ranks count as frequent; with a handful of labels three would be nearly all."""
    return 3 if num_labels > 6 else 1


class Confusion(NamedTuple):
    """A class that the scorer gets wrong often.

    Args:
        name (str): Class.
        accuracy (float): Top-1 of its videos, 0 to 1.
        num_videos (int): Its videos.
        negatives (list[tuple[str, float]]): Most frequent negatives and the fraction of the videos
            that have them among the first three.
    """

    name: str
    accuracy: float
    num_videos: int
    negatives: list[tuple[str, float]]


@dataclass(frozen=True)
class MiningSummary:
    """Result of a mining run; prints as a few lines.

    Args:
        path (str): The negatives file.
        num_videos (int): Videos mined.
        k (int): Negatives a video.
        num_labels (int): Labels of the corpus.
        num_classes (int): Classes of the data set.
        top1 (float): Accuracy of the scorer on the mined videos, 0 to 1.
        top5 (float): The same, true class among the first five.
        confused (list[Confusion]): Classes with the lowest top-1.
        unreadable (dict[str, str]): Videos left out, with reasons.
        repeats (int): Lines of the list that named a video again.
        limit (str): What this run waited for: decoding or the tower. Empty if it mined nothing.
        scorer (str): What scored the labels: a :class:`Scorer`'s ``kind``.
    """

    path: str
    num_videos: int
    k: int
    num_labels: int
    num_classes: int
    top1: float
    top5: float
    confused: list[Confusion]
    unreadable: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    limit: str = ''
    scorer: str = 'frozen CLIP'

    def __str__(self) -> str:
        scorer = self.scorer[:1].upper() + self.scorer[1:]
        zero_shot = ' zero-shot' if self.scorer == 'frozen CLIP' else ''
        top5 = f', top-5 {100 * self.top5:.1f} %' if self.num_classes > 5 else ''
        first = min(_first(self.num_labels), self.k)
        lines = [
            f'{self.path}: {self.k} negatives for each of {self.num_videos} videos, from '
            f'{self.num_labels} labels',
            f'{scorer},{zero_shot} over the {self.num_classes} classes: top-1 '
            f'{100 * self.top1:.1f} %{top5}',
            'Most confused classes, and what they are taken for (share of their videos that has it '
            + (f'among the first {first}):' if first > 1 else 'first):'),
        ]
        for item in self.confused:
            negatives = ', '.join(f'{name} {100 * share:.0f} %' for name, share in item.negatives)
            lines.append(f'  {item.name} ({100 * item.accuracy:.0f} % right): {negatives}')
        if self.repeats:
            lines.append(f'{self.repeats} lines of the list name a video again; mined once.')
        if self.unreadable:
            lines.append(
                f'{len(self.unreadable)} videos could not be read and have no negatives; all are '
                f'listed in {unreadable_file(self.path)}:\n{list_unreadable(self.unreadable, 5)}'
            )
        return '\n'.join(lines + [self.limit] * bool(self.limit))


def unreadable_file(out: str | Path) -> Path:
    """Return the file beside a negatives file that lists the videos it lacks, with reasons."""
    return Path(out).with_name(f'{Path(out).stem}.unreadable.tsv')


class SummaryCounter:
    """Collect the counts of a summary video by video.

    Args:
        corpus (LabelCorpus): n labels, C classes.
    """

    def __init__(self, corpus: LabelCorpus) -> None:
        self._corpus = corpus
        self._videos, self._top1, self._top5 = np.zeros((3, len(corpus.classes)), dtype=np.int64)
        self._taken_for = np.zeros((len(corpus.classes), len(corpus)), dtype=np.int64)

    def add(self, label: int, rank: int, negatives: Sequence[int]) -> None:
        """Count a video.

        Args:
            label (int): Its label.
            rank (int): Rank of the true class, from :func:`~mgdm_mmaction.mining.true_ranks`.
            negatives (Sequence[int]): Its mined corpus ids.
        """
        self._videos[label] += 1
        self._top1[label] += rank < 1
        self._top5[label] += rank < 5
        self._taken_for[label, negatives[: _first(len(self._corpus))]] += 1

    def accuracy(self) -> tuple[float, float]:
        """Return top-1 and top-5 over all videos, 0 to 1."""
        total = max(int(self._videos.sum()), 1)
        return float(self._top1.sum() / total), float(self._top5.sum() / total)

    def confused(self, count: int = 5) -> list[Confusion]:
        """Return the classes with the lowest top-1, each with three frequent negatives."""
        share = self._top1 / np.maximum(self._videos, 1)
        order = np.argsort(np.where(self._videos, share, np.inf), kind='stable')[:count]
        found = []
        for label in order[self._videos[order] > 0]:
            counts, videos = self._taken_for[label], int(self._videos[label])
            best = np.argsort(-counts, kind='stable')[:3]
            negatives = [(self._corpus.labels[i], counts[i] / videos) for i in best if counts[i]]
            name = self._corpus.labels[self._corpus.class_ids[label]]
            found.append(Confusion(name, float(share[label]), videos, negatives))
        return found
