"""A few videos of every class."""

import numpy as np

from .. import NegativesFile

__all__ = ['sample_videos']


def sample_videos(file: NegativesFile, per_class: int, seed: int = 0) -> list[np.ndarray]:
    """Draw videos of every class.

    Args:
        file (NegativesFile): C classes.
        per_class (int): Videos wanted of each; all of a class that has fewer.
        seed (int, optional): Seed; what is drawn of a class depends on no other class.
            Defaults to 0.

    Returns:
        list[np.ndarray]: C arrays of rows, rising.
    """
    num_classes = len(file.corpus.classes)
    order = np.argsort(file.labels, kind='stable')
    ends = np.cumsum(np.bincount(file.labels, minlength=num_classes))
    chosen = []
    for label, rows in enumerate(np.split(order, ends[:-1])):
        if len(rows) > per_class:
            rows = np.random.default_rng([seed, label]).choice(rows, per_class, replace=False)
        chosen.append(np.sort(rows))
    return chosen
