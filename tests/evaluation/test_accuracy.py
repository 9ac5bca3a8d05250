"""Accuracies counted again, one video at a time."""

import numpy as np
import pytest
from mmaction.evaluation import mean_class_accuracy

from mgdm_mmaction.evaluation import PerClassAccuracy, ProtocolAccuracy


def naive(scores, labels):
    """Top-1, top-5 and mean class accuracy in plain loops."""
    top1 = top5 = 0
    by_class = {}
    for score, label in zip(scores, labels, strict=True):
        better = sum(value > score[label] for value in score)
        top1 += better < 1
        top5 += better < 5
        by_class.setdefault(label, []).append(better < 1)
    means = [sum(hits) / len(hits) for hits in by_class.values()]
    return top1 / len(labels), top5 / len(labels), sum(means) / len(means)


@pytest.mark.parametrize('classes', [3, 5, 12])
def test_equals_naive_loops(classes):
    generator = np.random.default_rng(classes)
    labels = [i % classes for i in range(20)] + [0] * 30
    scores = list(generator.random((50, classes)) + 0.5 * np.eye(classes)[labels])
    found = ProtocolAccuracy().calculate(scores, labels)
    wanted = naive(scores, labels)
    assert [found[key] for key in ('top1', 'top5', 'mean1')] == pytest.approx(wanted)
    assert (found['num_videos'], found['num_classes']) == (50, classes)
    # All classes have videos, so MMAction2's own mean is the same.
    assert found['mean1'] == pytest.approx(mean_class_accuracy(scores, labels))


def test_class_without_videos_does_not_count():
    """MMAction2 counts a class that is only predicted as one with accuracy 0."""
    scores = [np.eye(4)[i] for i in (0, 0, 1, 3)]
    labels = [0, 0, 1, 1]
    assert mean_class_accuracy(scores, labels) == pytest.approx(0.5)
    found = ProtocolAccuracy().calculate(scores, labels)
    assert found['mean1'] == pytest.approx(0.75) == pytest.approx(naive(scores, labels)[2])
    assert found['num_classes'] == 2


def test_accuracy_of_every_class():
    metric = PerClassAccuracy(['run', 'jump', 'sit', 'none'])
    scores = np.eye(4)[[0, 1, 1, 2, 2]]
    found = metric.count(list(scores), [0, 0, 0, 2, 2])
    assert found.to_dict('list') == {
        'class': ['run', 'sit'],
        'videos': [3, 2],
        'right': [1, 2],
        'top-1': ['33.3 %', '100.0 %'],
        'mostly taken for': ['jump (2)', ''],
    }
    assert metric.calculate(list(scores), [0, 0, 0, 2, 2]) == {}
