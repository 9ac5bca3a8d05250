"""Pictures of the comparison of two runs."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from PIL import Image

from ..evaluation.confusions import RunComparison
from .figures import shorten
from .middle_frames import Thumbnail

__all__ = ['Example', 'Guess', 'PairExamples', 'draw_changes', 'draw_examples']

_BETTER, _WORSE, _BASE = '#0a58ca', '#c2410c', '#8a94a0'


class Guess(NamedTuple):
    """What a run took a video for.

    ``right``: it is the true class.
    """

    label: str
    score: float
    right: bool


class Example(NamedTuple):
    """A video of a pair, its class, and what the baseline and the other run took it for."""

    path: str
    label: str
    guesses: tuple[Guess, Guess]
    image: Thumbnail


class PairExamples(NamedTuple):
    """A pair, a row of :attr:`RunComparison.pairs`, with videos that show it."""

    pair: Mapping
    examples: Sequence[Example]


def draw_changes(runs: RunComparison, names: tuple[str, str], most: int):
    """Draw what changed: pairs on the left, classes on the right, a line from before to after.

    Args:
        runs (RunComparison): The runs.
        names (tuple[str, str]): Of the baseline and of the other run.
        most (int): Pairs that improved, pairs that worsened; classes likewise.

    Returns:
        matplotlib.figure.Figure: To be saved within :func:`~.figures.figure_style`.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    pairs = pd.concat([runs.improved(most), runs.worsened(most)[::-1]])
    changed = runs.classes[runs.classes['change'] != 0]
    shown = changed
    if len(changed) > 2 * most:
        shown = pd.concat([changed[:most], changed[-most:]])
    height = 1.4 + 0.24 * max(len(pairs), len(shown), 3)
    figure = Figure(figsize=(11.5, height), layout='constrained')
    left, right = figure.subplots(1, 2)
    ends = zip(pairs['class'], pairs['other_class'], strict=True)
    labels = [f'{shorten(one, 28)} / {shorten(other, 28)}' for one, other in ends]
    _dumbbells(left, labels, pairs['before'], pairs['after'], better=pairs['change'] < 0)
    left.set_title('pairs of classes: videos mixed up', fontsize=10)
    left.set_xlim(left=0)
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    rights = [100 * shown[key] / shown['videos'] for key in ('right_before', 'right_after')]
    labels = [shorten(name, 34) for name in shown['class']]
    _dumbbells(right, labels, *rights, better=shown['change'] > 0)
    some = '' if len(shown) == len(changed) else f', {len(shown)} of {len(changed)} that changed'
    right.set_title(f'classes: accuracy in %{some}', fontsize=10)
    right.set_xlim(-3, 103)
    before, after = (shorten(name, 40) for name in names)
    styles = {before: _BASE, f'{after}, better': _BETTER, f'{after}, worse': _WORSE}
    marks = [
        Line2D([], [], marker='o', color=color, ls='', label=label)
        for label, color in styles.items()
    ]
    figure.legend(handles=marks, loc='outside lower center', ncols=3, frameon=False)
    return figure


def _dumbbells(axis, labels: list[str], before, after, better) -> None:
    if not labels:
        axis.text(0.5, 0.5, 'nothing changed', ha='center', transform=axis.transAxes)
    rows, colors = range(len(labels)), [_BETTER if good else _WORSE for good in better]
    axis.hlines(rows, before, after, colors, lw=2, alpha=0.6, zorder=1)
    axis.scatter(before, rows, s=26, c=_BASE, zorder=2, clip_on=False)
    axis.scatter(after, rows, s=34, c=colors, zorder=3, clip_on=False)
    axis.set_yticks(rows, labels, fontsize=8)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.grid(axis='x', lw=0.3)
    axis.spines[['top', 'right', 'left']].set_visible(False)
    axis.tick_params(axis='y', length=0, pad=7)


def draw_examples(rows: Sequence[PairExamples]):
    """Draw a row a pair: middle frames of videos that are still mixed up.

    Args:
        rows (Sequence[PairExamples]): At least one pair with videos.

    Returns:
        matplotlib.figure.Figure: To be saved within :func:`~.figures.figure_style`.
    """
    from matplotlib.figure import Figure

    columns = max(3, *(len(row.examples) for row in rows))
    figure = Figure(figsize=(2.1 * columns, 2.2 * len(rows)), layout='constrained')
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for part, (pair, examples) in zip(parts, rows, strict=True):
        part.suptitle(
            f'{shorten(pair["class"], 32)} / {shorten(pair["other_class"], 32)}: '
            f'{pair["before"]} → {pair["after"]} of {pair["videos"]} videos',
            fontsize=9, fontweight='bold', x=0.01, ha='left',
        )  # fmt: skip
        axes = part.subplots(1, columns, squeeze=False)[0]
        for axis in axes:
            axis.set_axis_off()
        for axis, example in zip(axes, examples, strict=False):
            _example(axis, example)
    return figure


def _example(axis, example: Example) -> None:
    if example.image.uri is None:
        axis.text(0.5, 0.5, 'no picture', ha='center', va='center', fontsize=7)
        axis.set(xlim=(0, 1), ylim=(0, 1))
    else:
        axis.imshow(Image.open(io.BytesIO(base64.b64decode(example.image.uri.split(',', 1)[1]))))
    guess = example.guesses[1]
    axis.set_title(
        f'{shorten(example.label, 26)}\ntaken for {shorten(guess.label, 26)} ({guess.score:.2f})',
        fontsize=7,
    )
