"""An order in which classes that are taken for each other stand side by side."""

import numpy as np

__all__ = ['order_classes', 'order_labels']


def order_classes(shares: np.ndarray) -> np.ndarray:
    """Order classes as the leaves of a tree that joins the most confused ones first.

    Args:
        shares (np.ndarray): How often class i is taken for class j, 0 to 1, shape [C, C].

    Returns:
        np.ndarray: A permutation of the classes, shape [C].
    """
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    if len(shares) < 3:
        return np.arange(len(shares))
    distances = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distances, 0)
    return leaves_list(linkage(squareform(distances), 'average', optimal_ordering=True))


def order_labels(shares: np.ndarray, class_ids: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Order all labels of a corpus: the classes first, then each other label near its classes.

    Args:
        shares (np.ndarray): How often class i is taken for label j, shape [C, n].
        class_ids (np.ndarray): Corpus id of every class, shape [C].
        classes (np.ndarray): The order of the classes, shape [C].

    Returns:
        np.ndarray: A permutation of the n labels, shape [n].
    """
    others = np.setdiff1d(np.arange(shares.shape[1]), class_ids)
    weights = shares[:, others]
    mean = (np.argsort(classes) @ weights) / np.maximum(weights.sum(axis=0), 1e-12)
    return np.concatenate([class_ids[classes], others[np.argsort(mean, kind='stable')]])
