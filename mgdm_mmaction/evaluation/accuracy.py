"""MMAction2's accuracies, and the mean over classes where the list lacks some of them."""

import numpy as np
import pandas as pd
from mmaction.evaluation import AccMetric, confusion_matrix
from mmaction.registry import METRICS
from mmengine.logging import print_log

from ..report import as_text, table
from ..text.corpus import read_labels

__all__ = ['PerClassAccuracy', 'ProtocolAccuracy']


@METRICS.register_module()
class ProtocolAccuracy(AccMetric):
    """Measure top-1, top-5 and mean class accuracy, and count what they were measured on.

    MMAction2's mean class accuracy also averages over classes that have no video but were predicted
    for one, with an accuracy of 0. Here these do not count, so that a list without a class, or one
    with videos missing, does not lower the mean.

    The results are ``top1``, ``top5`` and ``mean1`` as ``AccMetric`` names them, ``num_videos``,
    and ``num_classes``, the classes that have videos.

    Example:
        >>> metric = ProtocolAccuracy()
        >>> scores = [np.array([0.9, 0.1, 0.0]), np.array([0.2, 0.1, 0.7])]
        >>> float(metric.calculate(scores, [0, 0])['mean1'])
        0.5
    """

    def calculate(self, preds: list[np.ndarray], labels: list[int]) -> dict:
        """Compute fractions and counts from scores [C] and the label of every video."""
        results = super().calculate(preds, labels)
        hits = confusion_matrix(np.argmax(preds, axis=1), labels).astype(float)
        videos = hits.sum(axis=1)
        present = videos > 0
        results['mean1'] = float(np.mean(np.diag(hits)[present] / videos[present]))
        results['num_videos'] = len(labels)
        results['num_classes'] = int(present.sum())
        return results


@METRICS.register_module()
class PerClassAccuracy(AccMetric):
    """Print the accuracy of every class that has videos, the worst first.

    Beside it what its videos are most often taken for, and how often. Returns no number, so that it
    stands beside the metric that chooses the best checkpoint. ``tools/test.py --per-class`` adds
    it.

    Args:
        classes (str | list[str], optional): Names of the classes or their file. Defaults to None:
            their numbers.
        **kwargs: Of ``AccMetric``.
    """

    def __init__(self, classes: str | list[str] | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.classes = None if classes is None else read_labels(classes)

    def calculate(self, preds: list[np.ndarray], labels: list[int]) -> dict:
        """Print the table of scores [C] and the label of every video; return nothing."""
        print_log(as_text(table(self.count(preds, labels))), logger='current')
        return {}

    def count(self, preds: list[np.ndarray], labels: list[int]) -> pd.DataFrame:
        """Count the videos of each class and those that are right.

        Args:
            preds (list[np.ndarray]): Scores [C] of every video.
            labels (list[int]): Their classes.

        Returns:
            pd.DataFrame: ``class``, ``videos``, ``right``, ``top-1`` and ``mostly taken for``.
        """
        names = self.classes or [str(i) for i in range(len(preds[0]))]
        rows = []
        hits = np.zeros((len(names), len(names)), dtype=int)
        np.add.at(hits, (labels, np.argmax(preds, axis=1)), 1)
        for i in np.flatnonzero(hits.sum(axis=1)):
            others = np.where(np.arange(len(names)) == i, 0, hits[i])
            other = int(others.argmax())
            rows.append(
                {
                    'class': names[i],
                    'videos': hits[i].sum(),
                    'right': hits[i, i],
                    'top-1': f'{100 * hits[i, i] / hits[i].sum():.1f} %',
                    'mostly taken for': f'{names[other]} ({others[other]})' * bool(others[other]),
                }
            )
        found = pd.DataFrame(rows)
        order = (found['right'] / found['videos']).sort_values(kind='stable').index
        return found.loc[order]
