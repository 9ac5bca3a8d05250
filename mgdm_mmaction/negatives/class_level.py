"""Negatives of a whole class, for videos that have none of their own."""

from dataclasses import dataclass

import numpy as np

from .reader import NegativesFile

__all__ = ['ClassNegatives', 'class_negatives']


@dataclass(frozen=True)
class ClassNegatives:
    """The negatives of every class that has a video in a file.

    Args:
        negatives (np.ndarray): Corpus ids, hardest first, int32, shape [C, k].
        scores (np.ndarray): Their scores, falling, float32, shape [C, k].
        num_videos (np.ndarray): Videos that each class is judged by; 0 means that its row holds
            nothing. Shape [C].
    """

    negatives: np.ndarray
    scores: np.ndarray
    num_videos: np.ndarray


def class_negatives(file: NegativesFile) -> ClassNegatives:
    """Build class-level negatives from those of the videos.

    The score of a label for a class is the mean over the videos of the class. A video that does not
    have the label among its k counts with its last score, which the true one does not exceed. Only
    labels that some video of the class has are taken.

    Args:
        file (NegativesFile): N videos.

    Returns:
        ClassNegatives: The k labels of the largest scores, the lower id first among equals.
    """
    num_classes, num_labels, k = len(file.corpus.classes), len(file.corpus), file.k
    last = file.scores[:, -1:].astype(np.float64)
    cells = (file.labels[:, None].astype(np.int64) * num_labels + file.negatives).ravel()
    size, shape = num_classes * num_labels, (num_classes, num_labels)
    above = np.bincount(cells, weights=(file.scores - last).ravel(), minlength=size).reshape(shape)
    had = np.bincount(cells, minlength=size).reshape(shape) > 0
    num_videos = np.bincount(file.labels, minlength=num_classes)
    lasts = np.bincount(file.labels, weights=last.ravel(), minlength=num_classes)
    scores = (above + lasts[:, None]) / np.maximum(num_videos, 1)[:, None]
    # A class with a video has at least the k labels of that video.
    order = np.argsort(np.where(had, -scores, np.inf), axis=1, kind='stable')[:, :k]
    return ClassNegatives(
        order.astype(np.int32),
        np.take_along_axis(scores, order, axis=1).astype(np.float32),
        num_videos,
    )
