"""MMAction2's accuracies, and the mean over classes where the list lacks some of them."""

import numpy as np
from mmaction.evaluation import AccMetric, confusion_matrix
from mmaction.registry import METRICS

__all__ = ['ProtocolAccuracy']


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
