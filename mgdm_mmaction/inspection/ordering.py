"""An order in which classes that are taken for each other stand side by side."""

import numpy as np

__all__ = ['order_classes', 'order_labels']


def order_classes(shares: np.ndarray) -> np.ndarray:
    """Order classes by the Fiedler vector of the graph of their confusions.

    It is the eigenvector of the second smallest eigenvalue of the graph's normalised Laplacian:
    the smoothest way to lay the classes on a line.

    Args:
        shares (np.ndarray): How often class i is taken for class j, shape [C, C].

    Returns:
        np.ndarray: A permutation of the classes, shape [C].
    """
    count = len(shares)
    if count < 3:
        return np.arange(count)
    # The small constant keeps the graph in one piece.
    weights = (shares + shares.T) / 2 + 1e-3 / count
    np.fill_diagonal(weights, 0)
    scale = 1 / np.sqrt(weights.sum(axis=1))
    laplacian = np.eye(count) - scale[:, None] * weights * scale
    vector = np.linalg.eigh(laplacian)[1][:, 1] * scale
    # Its sign is arbitrary: let class 0 be in the first half.
    return np.argsort(vector if vector[0] <= np.median(vector) else -vector, kind='stable')


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
    place = np.empty(len(classes))
    place[classes] = np.arange(len(classes))
    weights = shares[:, others]
    mean = (place @ weights) / np.maximum(weights.sum(axis=0), 1e-12)
    return np.concatenate([class_ids[classes], others[np.argsort(mean, kind='stable')]])
