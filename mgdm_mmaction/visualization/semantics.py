"""Where the two halves of a video vector see every class text: points, and their figure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..errors import MGDMError
from ..models.recognizers.clip_recognizer import CLIPRecognizer, as_float
from .figures import shorten

__all__ = ['Scatter', 'draw_semantics', 'half_similarities', 'standing']

_TRUE, _OTHER, _RIVAL = '#c2410c', '#8a94a0', '#0a58ca'


class Scatter(NamedTuple):
    """One row of the figure: a video, its class, points [C, 2] with raw and discriminated texts."""

    title: str
    label: int
    raw: np.ndarray
    discriminated: np.ndarray


@torch.no_grad()
def half_similarities(model: CLIPRecognizer, inputs: Tensor) -> tuple[Tensor, Tensor]:
    r"""Compare the halves of the video vector with the halves of every class text.

    MGDM, figures 4 and 5 (DOI 10.11959/j.issn.1000-436x.2024268): a vector of width D is cut in
    two; the similarity of the left halves is x, that of the right halves y. What the paper leaves
    open is ours:

    - The video vector of class c is :math:`V_c`, the frames weighed by the attention that text c
      guides (eq. 16): the one that the model scores class c with. The guide is the raw text in
      both cases, so that only the text that :math:`V_c` is compared with differs.
    - A similarity is the part that a half adds to the model's score: the product of the halves of
      :math:`V_c` and the unit vector of the text, each normalised as a whole. So x + y is the score
      before the temperature, and of two classes the one further to the upper right wins.

    Args:
        model (CLIPRecognizer): In evaluation mode. Its ``encode_classes`` returns the raw texts
            [C, D] and what it makes of them, [C, D].
        inputs (Tensor): Normalised frames [N, views x T, 3, H, W]; points are means over views.

    Returns:
        tuple[Tensor, Tensor]: Points [N, C, 2], left half and right half: with the text embeddings
        of CLIP, and with those that the discriminator made of them. float32 or wider.

    Raises:
        MGDMError: If the model compares videos with other texts than such.
    """
    raw, classes = model.text_bank.class_texts(), model.encode_classes()
    pair = isinstance(classes, tuple) and len(classes) == 2
    if not (pair and torch.equal(classes[0], raw) and classes[1].shape == raw.shape):
        raise MGDMError(
            f'{type(model).__name__} does not discriminate the texts of its classes: there are no '
            'two kinds of texts to compare. Use a checkpoint of an MGDM config.'
        )
    video = as_float(model.encode_video(inputs))
    return tuple(_halves(model, video, raw, texts) for texts in classes)


def _halves(model: CLIPRecognizer, video: Tensor, guides: Tensor, texts: Tensor) -> Tensor:
    """Return what either half of the texts adds to the similarity, [N, C, 2]."""
    guides, texts = as_float(guides), as_float(texts)
    halves = torch.stack([texts, texts])  # [2, C, D]
    middle = texts.shape[-1] // 2
    halves[0, :, middle:] = halves[1, :, :middle] = 0
    # The model normalises a half on its own; its share of the whole length undoes it.
    shares = halves.norm(dim=-1) / texts.norm(dim=-1)
    similarities = [model.similarity(video, (guides, half)).mean(1) for half in halves]
    return torch.stack([x * share for x, share in zip(similarities, shares, strict=True)], dim=-1)


def standing(points: np.ndarray, label: int) -> tuple[int, float, int]:
    """Compare the true class with all others.

    Returns:
        tuple[int, float, int]: Its rank by x + y of points [C, 2], from 1; its lead over the best
        other class, negative where that one is ahead; and that class.
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
        for axis, points, kind in zip(axes, pairs, ('raw', 'discriminated'), strict=True):
            _panel(axis, points, row.label, classes, reach)
            rank, lead, _ = standing(points, row.label)
            axis.set_title(f'{kind} text embeddings\nrank {rank}, lead {lead:+.3f}', fontsize=9)
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
