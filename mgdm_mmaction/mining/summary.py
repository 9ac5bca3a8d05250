"""What the frozen CLIP gets right and what it confuses, in a few lines."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..datasets.transforms.unreadable_log import list_unreadable
from ..text.corpus import LabelCorpus

__all__ = ['Confusion', 'MiningSummary', 'SummaryCounter', 'true_ranks', 'unreadable_file']

# A label counts as a frequent negative of a class when it is among this many of its videos.
_FIRST = 3


def _first(num_labels: int) -> int:
    """How many ranks are counted: with a handful of labels all of them would be."""
    return _FIRST if num_labels > 2 * _FIRST else 1


def _share_of(num_labels: int, k: int) -> str:
    first = min(_first(num_labels), k)
    what = f'among the first {first}' if first > 1 else 'first'
    return f'(share of their videos that has it {what}):'


@dataclass(frozen=True)
class Confusion:
    """A class that the frozen CLIP gets wrong often.

    Args:
        name (str): Class.
        accuracy (float): Zero-shot top-1 of its videos, 0 to 1.
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
    """Result of a mining run.

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
        lines = [
            f'{self.path}: {self.k} negatives for each of {self.num_videos} videos, from '
            f'{self.num_labels} labels',
            f'{self._judge()} over the {self.num_classes} classes: top-1 '
            f'{100 * self.top1:.1f} %'
            + (f', top-5 {100 * self.top5:.1f} %' if self.num_classes > 5 else ''),
            'Most confused classes, and what they are taken for '
            + _share_of(self.num_labels, self.k),
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
        if self.limit:
            lines.append(self.limit)
        return '\n'.join(lines)

    def _judge(self) -> str:
        scorer = self.scorer[:1].upper() + self.scorer[1:]
        return f'{scorer}, zero-shot' if self.scorer == 'frozen CLIP' else f'{scorer},'


def unreadable_file(out: str | Path) -> Path:
    """Return the file beside a negatives file that lists the videos it lacks, with reasons.

    Args:
        out (str | Path): The negatives file.
    """
    out = Path(out)
    return out.with_name(f'{out.stem}.unreadable.tsv')


def true_ranks(scores: np.ndarray, labels: np.ndarray, corpus: LabelCorpus) -> np.ndarray:
    """Count the classes that score higher than the true one, or equal with a lower label.

    Args:
        scores (np.ndarray): Cosines with the n labels of the corpus, shape [B, n].
        labels (np.ndarray): Labels, shape [B].
        corpus (LabelCorpus): The labels and classes.

    Returns:
        np.ndarray: 0 where the true class is the first, int, shape [B].
    """
    scores = scores[:, corpus.class_ids]
    own = scores[np.arange(len(labels)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(axis=1)


class SummaryCounter:
    """Collect the counts of a summary batch by batch.

    Args:
        corpus (LabelCorpus): n labels, C classes.
    """

    def __init__(self, corpus: LabelCorpus) -> None:
        self._corpus = corpus
        num_classes = len(corpus.classes)
        self._videos = np.zeros(num_classes, dtype=np.int64)
        self._right = np.zeros((2, num_classes), dtype=np.int64)
        self._taken_for = np.zeros((num_classes, len(corpus)), dtype=np.int64)

    def add(self, labels: np.ndarray, ranks: np.ndarray, negatives: np.ndarray) -> None:
        """Count a batch.

        Args:
            labels (np.ndarray): Labels, shape [B].
            ranks (np.ndarray): Ranks of the true classes, from :func:`true_ranks`, shape [B].
            negatives (np.ndarray): Mined corpus ids, shape [B, k].
        """
        np.add.at(self._videos, labels, 1)
        np.add.at(self._right[0], labels, ranks < 1)
        np.add.at(self._right[1], labels, ranks < 5)
        first = negatives[:, : _first(len(self._corpus))]
        np.add.at(self._taken_for, (labels[:, None], first), 1)

    def accuracy(self) -> tuple[float, float]:
        """Return top-1 and top-5 over all videos, 0 to 1."""
        total = max(int(self._videos.sum()), 1)
        return float(self._right[0].sum() / total), float(self._right[1].sum() / total)

    def confused(self, count: int = 5) -> list[Confusion]:
        """Return the classes with the lowest top-1, each with three frequent negatives."""
        share = self._right[0] / np.maximum(self._videos, 1)
        order = np.argsort(np.where(self._videos, share, np.inf), kind='stable')[:count]
        found = []
        for label in order[self._videos[order] > 0]:
            counts = self._taken_for[label]
            best = np.argsort(-counts, kind='stable')[:3]
            videos = int(self._videos[label])
            negatives = [(self._corpus.labels[i], counts[i] / videos) for i in best if counts[i]]
            name = self._corpus.labels[self._corpus.class_ids[label]]
            found.append(Confusion(name, float(share[label]), videos, negatives))
        return found
