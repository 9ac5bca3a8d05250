"""The half-vector scatter: raw text embeddings beside discriminated ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .figures import shorten

__all__ = ['Scatter', 'draw_semantics', 'standing']

_TRUE, _OTHER, _RIVAL = '#c2410c', '#8a94a0', '#0a58ca'
_TITLES = ('raw text embeddings', 'discriminated text embeddings')


class Scatter(NamedTuple):
    """One row of the figure.

    Args:
        title (str): Name of the video.
        label (int): The true class.
        raw (np.ndarray): Points [C, 2].
        discriminated (np.ndarray): Points [C, 2].
    """

    title: str
    label: int
    raw: np.ndarray
    discriminated: np.ndarray


def standing(points: np.ndarray, label: int) -> tuple[int, float, int]:
    """Compare the true class with all others.

    Args:
        points (np.ndarray): Points [C, 2].
        label (int): The true class.

    Returns:
        tuple[int, float, int]: Its rank by x + y, from 1; its lead over the best other class,
        negative where that one is ahead; and that class.
    """
    scores = points.sum(axis=1)
    others = np.where(np.arange(len(scores)) == label, -np.inf, scores)
    rival = int(others.argmax())
    rank = 1 + int(np.sum(others >= scores[label]))
    return rank, float(scores[label] - scores[rival]), rival


def draw_semantics(rows: Sequence[Scatter], classes: Sequence[str]):
    """Draw a row a video: on the left with raw texts, on the right with discriminated ones.

    The true class is a triangle, all others are dots; the best other class is blue and named. On
    the dashed line all classes have the score of the true one: dots to the upper right of it
    beat it. Both panels of a row show equal steps of similarity, each around its own points.

    Args:
        rows (Sequence[Scatter]): The videos.
        classes (Sequence[str]): Names of the C classes, at least two.

    Returns:
        matplotlib.figure.Figure: To be saved within :func:`~.figures.figure_style`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 0.7 + 3.75 * len(rows)), layout='constrained')
    grid = figure.subplots(len(rows), 2, squeeze=False)
    for axes, row in zip(grid, rows, strict=True):
        pairs = [row.raw, row.discriminated]
        # The wider of the two panels sets how much a centimetre is for both.
        reach = 1.16 * max(np.ptp(points, axis=0).max() for points in pairs) / 2 or 1.0
        for axis, points, kind in zip(axes, pairs, _TITLES, strict=True):
            _panel(axis, points, row.label, classes, reach)
            rank, lead, _ = standing(points, row.label)
            axis.set_title(f'{kind}\nrank {rank}, lead {lead:+.3f}', fontsize=9)
        axes[0].set_ylabel('similarity of the right halves')
        name = shorten(row.title, 60)
        axes[0].annotate(
            f'{name}\ntrue class: {shorten(classes[row.label], 60)}', (0, 1), (0, 31),
            xycoords='axes fraction', textcoords='offset points', fontsize=9, fontweight='bold',
            va='bottom',
        )  # fmt: skip
    for axis in grid[-1]:
        axis.set_xlabel('similarity of the left halves')
    figure.legend(
        *grid[0][0].get_legend_handles_labels(), loc='outside lower center', ncols=4, frameon=False
    )
    return figure


def _panel(axis, points: np.ndarray, label: int, classes: Sequence[str], reach: float) -> None:
    from matplotlib.patheffects import withStroke

    _, _, rival = standing(points, label)
    others = np.delete(points, [label, rival], axis=0)
    axis.scatter(*others.T, s=16, c=_OTHER, linewidths=0, label='other classes')
    axis.scatter(*points[rival], s=26, c=_RIVAL, label='best other class', zorder=3)
    axis.scatter(*points[label], s=70, c=_TRUE, marker='^', label='true class', zorder=4)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    axis.set_xlim(middle[0] - reach, middle[0] + reach)
    axis.set_ylim(middle[1] - reach, middle[1] + reach)
    axis.axline(points[label], slope=-1, c=_TRUE, lw=0.8, ls='--', alpha=0.7, zorder=1,
                label='score of the true class')  # fmt: skip
    # Towards the middle, so that names stay inside.
    right = points[rival][0] > middle[0]
    above = points[rival][1] < points[label][1] + reach / 10 and points[rival][1] < middle[1]
    axis.annotate(
        shorten(classes[rival], 34), points[rival], (-6 if right else 6, 7 if above else -7),
        textcoords='offset points', color=_RIVAL, fontsize=8, ha='right' if right else 'left',
        va='bottom' if above else 'top', zorder=5,
        path_effects=[withStroke(linewidth=2.5, foreground='white')],
    )  # fmt: skip
    axis.set_aspect('equal', 'box')
    axis.grid(lw=0.3, alpha=0.5)
