"""An order in which classes that are taken for each other stand side by side."""

import numpy as np

__all__ = ['order_classes', 'order_labels']


def order_classes(shares: np.ndarray) -> np.ndarray:
    """Order classes by recursive spectral bisection of the graph of their confusions.

    The Fiedler vector (of the second smallest eigenvalue of the normalised Laplacian) is the
    smoothest way to lay the classes on a line; its sign cuts them in two, and either part is
    ordered in the same way.

    Args:
        shares (np.ndarray): How often class i is taken for class j, shape [C, C].

    Returns:
        np.ndarray: A permutation of the classes, shape [C].
    """
    weights = (shares + shares.T) / 2
    np.fill_diagonal(weights, 0)
    # The small constant keeps the graph in one piece.
    weights += 1e-4 / max(len(weights), 1)
    order, parts = [], [np.arange(len(weights))]
    while parts:
        part = parts.pop()
        if len(part) < 3:
            order += part.tolist()
            continue
        vector = _fiedler(weights[np.ix_(part, part)])
        ranks = np.argsort(vector, kind='stable')
        part, vector = part[ranks], vector[ranks]
        cut = int(np.searchsorted(vector, 0))
        if not 0 < cut < len(part):
            order += part.tolist()
            continue
        parts += [part[cut:], part[:cut]]
    return np.array(order, dtype=np.int64)


def _fiedler(weights: np.ndarray) -> np.ndarray:
    """Return the Fiedler vector, with the sign that puts the first class below zero."""
    scale = 1 / np.sqrt(weights.sum(axis=1))
    laplacian = np.eye(len(weights)) - scale[:, None] * weights * scale
    vector = np.linalg.eigh(laplacian)[1][:, 1] * scale
    return vector if vector[0] <= 0 else -vector


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
