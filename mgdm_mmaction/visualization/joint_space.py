"""The labels of a model in CLIP's joint space, seen in two dimensions."""

from collections.abc import Sequence

import numpy as np

from .figures import shorten

__all__ = ['draw_joint_space', 'principal_plane']

_CLASS, _OTHER, _EDGE = '#2b6cb0', '#c05621', '#8a94a0'


def principal_plane(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Project vectors onto the plane in which they spread most (principal components).

    Args:
        vectors (np.ndarray): Shape [n, D].

    Returns:
        tuple[np.ndarray, np.ndarray]: Points [n, 2], and the share of the variance that each of
        the two axes has.
    """
    left, spread, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    return left[:, :2] * spread[:2], spread[:2] ** 2 / (spread**2).sum()


def draw_joint_space(
    vectors: np.ndarray, labels: Sequence[str], num_classes: int, edges: Sequence[tuple[int, int]]
):
    """Draw labels where their texts lie, and lines between those that belong together.

    Args:
        vectors (np.ndarray): Unit vectors of the texts, shape [n, D].
        labels (Sequence[str]): Their names, the classes first.
        num_classes (int): How many of them are classes.
        edges (Sequence[tuple[int, int]]): Pairs of labels, such as a class and its movement.

    Returns:
        matplotlib.figure.Figure: To be saved within :func:`~.figures.figure_style`.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

    points, shares = principal_plane(vectors)
    side = min(8 + len(labels) / 20, 20)
    figure = Figure(figsize=(1.2 * side, side), layout='constrained')
    axes = figure.add_subplot()
    lines = [points[list(edge)] for edge in edges]
    axes.add_collection(LineCollection(lines, colors=_EDGE, linewidths=0.5, alpha=0.5, zorder=1))
    for part, color, marker, name in (
        (slice(num_classes, None), _OTHER, 's', 'other labels'),
        (slice(0, num_classes), _CLASS, 'o', 'classes'),
    ):
        if len(points[part]):
            axes.scatter(*points[part].T, s=16, c=color, marker=marker, label=name, zorder=2)
        for point, label in zip(points[part], labels[part], strict=True):
            axes.annotate(
                shorten(label, 34), point, (4, 2), textcoords='offset points', color=color,
                fontsize=7,
            )  # fmt: skip
    axes.set_xlabel(f'first principal component, {100 * shares[0]:.0f} % of the variance')
    axes.set_ylabel(f'second, {100 * shares[1]:.0f} %')
    axes.legend(frameon=False)
    axes.margins(0.1)  # room for names
    axes.grid(lw=0.3, alpha=0.5)
    return figure
