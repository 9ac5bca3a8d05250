"""Accuracy among the classes that each video is most easily confused with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..errors import MGDMError
from ..negatives import class_negatives, read_negatives, video_path
from ..text.corpus import LabelCorpus, read_labels

__all__ = ['ConfusablePairAccuracy', 'beats_negatives']


def beats_negatives(scores: np.ndarray, label: int, negatives: np.ndarray) -> bool:
    """Return whether the true class has the highest score among itself and some negatives.

    Args:
        scores (np.ndarray): Scores of all classes, shape [C].
        label (int): The true class.
        negatives (np.ndarray): Other classes, int, shape [n].

    Returns:
        bool: A tie is no. Without negatives it is yes.
    """
    return bool(np.all(scores[label] > scores[negatives]))


@METRICS.register_module()
class ConfusablePairAccuracy(BaseMetric):
    """Accuracy among each video's own hard negatives.

    The scores of a video are restricted to its true class and its ``k`` hardest negatives that are
    classes of the data set; it is right if the true class is higher than all of them. Top-1
    accuracy hides what these pairs do: most classes were never in question.

    Negatives are mined for training videos. A video that the file holds is measured on its own
    negatives; any other one, and so every video of a usual test list, on those of its class, as
    :func:`mgdm_mmaction.negatives.class_negatives` makes them of the same file. A video without
    either does not count, and the log says how many there were of each kind.

    A video is found by ``filename`` or ``frame_dir`` of its data sample, which
    ``PackActionInputs(meta_keys=('filename', ...))`` keeps; without them all are measured on the
    negatives of their class. ``tools/test.py --confusable-pairs`` sets all of this.

    The results are ``accuracy``; ``chance``, what equal guessing among these classes would reach;
    and ``num_videos``.

    Args:
        negatives_file (str): File of ``tools/mine_negatives.py``.
        k (int, optional): Negatives of a video, as in training. Where the data set lacks some of
            the mined labels there may be fewer. Defaults to 7.
        classes (str | Sequence[str], optional): Class names of the model in label order, as
            ``cls_head.classes`` takes them, to compare with those of the file. Defaults to None:
            only their number is compared.
        collect_device (str, optional): 'cpu' or 'gpu', see MMEngine. Defaults to 'cpu'.
        prefix (str, optional): Of the results' names. Defaults to None: 'confusable'.

    Raises:
        MGDMError: If k is less than 1 or more than was mined, or the file is missing or one of
            other classes.

    Example:
        >>> test_evaluator = [
        ...     dict(type='AccMetric'),
        ...     dict(type='ConfusablePairAccuracy', negatives_file='negatives.jsonl', k=7),
        ... ]
    """

    default_prefix = 'confusable'

    def __init__(
        self,
        negatives_file: str,
        k: int = 7,
        classes: str | Sequence[str] | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.k = k
        self.file = read_negatives(Path(negatives_file))
        if not 1 <= k <= self.file.k:
            raise MGDMError(
                f'ConfusablePairAccuracy: k={k}, but {negatives_file} holds {self.file.k} '
                f'negatives a video; choose k from 1 to {self.file.k}, or mine again with '
                f'--num-negatives {max(k, 1)}.'
            )
        if classes is not None:
            self._check_classes(read_labels(classes))
        self._of_class = class_negatives(self.file)
        # Class of every corpus id; -1 for labels that are no class of the data set.
        self._class_of = np.full(len(self.file.corpus), -1)
        self._class_of[self.file.corpus.class_ids] = np.arange(len(self.file.corpus.classes))

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Judge the videos of a batch, samples with ``pred_score`` [C] and ``gt_label`` [1]."""
        for sample in data_samples:
            scores = sample['pred_score'].detach().to('cpu', torch.float64).numpy()
            label = self._label(sample, len(scores))
            negatives, own = self.negatives_of(sample, label)
            right = beats_negatives(scores, label, negatives)
            self.results.append((right, len(negatives), own))

    def negatives_of(self, sample: dict, label: int) -> tuple[np.ndarray, bool]:
        """Return the classes that a video is measured against.

        Args:
            sample (dict): The video, with ``filename`` or ``frame_dir`` where they are known.
            label (int): Its true class.

        Returns:
            tuple[np.ndarray, bool]: Up to k classes, hardest first, and whether they are the
            video's own.
        """
        path = video_path(sample) if 'filename' in sample or 'frame_dir' in sample else None
        row = None if path is None else self.file.find(path)
        if row is None:
            ids = self._of_class.negatives[label] if self._of_class.num_videos[label] else []
        else:
            self._check_label(row, label)
            ids = self.file.negatives[row]
        classes = self._class_of[np.asarray(ids, dtype=np.int64)]
        return classes[classes >= 0][: self.k], row is not None

    def compute_metrics(self, results: list[tuple[bool, int, bool]]) -> dict[str, float]:
        """Average over videos: right or not, number of negatives, whether they are its own."""
        right, numbers, own = (np.array(column) for column in zip(*results, strict=True))
        counts = numbers > 0
        left_out = f', {np.sum(~counts)} without any left out' if not counts.all() else ''
        print_log(
            f'confusable pairs of {self.file.path}: up to {self.k} negatives a video, '
            f'{np.sum(counts & own)} videos by their own, {np.sum(counts & ~own)} by those of '
            f'their class{left_out}',
            logger='current',
        )
        if not counts.any():
            return dict(accuracy=float('nan'), chance=float('nan'), num_videos=0)
        return dict(
            accuracy=float(np.mean(right[counts])),
            chance=float(np.mean(1 / (1 + numbers[counts]))),
            num_videos=int(np.sum(counts)),
        )

    def _label(self, sample: dict, num_scores: int) -> int:
        label, wanted = sample['gt_label'], len(self.file.corpus.classes)
        if num_scores != wanted:
            raise MGDMError(
                f'ConfusablePairAccuracy: the model scores {num_scores} classes, but '
                f'{self.file.path} was mined for {wanted}. Name a file of this data set.'
            )
        if label.numel() != 1 or not 0 <= int(label) < wanted:
            raise MGDMError(
                f'ConfusablePairAccuracy: expected one label a video from 0 to {wanted - 1}, but '
                f'found {label.tolist()}.'
            )
        return int(label)

    def _check_label(self, row: int, label: int) -> None:
        mined, names = int(self.file.labels[row]), self.file.corpus.classes
        if mined != label:
            raise MGDMError(
                f'{self.file.path}:{row + 2}: {self.file.path_of(row)!r} has label {mined} '
                f'({names[mined]!r}) there, but label {label} ({names[label]!r}) in the test. Mine '
                'again for this list.'
            )

    def _check_classes(self, classes: list[str]) -> None:
        found, wanted = LabelCorpus(self.file.corpus.classes), LabelCorpus(classes)
        if difference := found.difference(wanted):
            raise MGDMError(
                f'{self.file.path}: mined for other classes than those of the test: {difference}. '
                'Name a file of this data set, or mine one with tools/mine_negatives.py.'
            )
