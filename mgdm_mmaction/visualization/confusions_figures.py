"""Pictures of the comparison of two runs."""

import base64
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..evaluation.confusions.comparison import PairChange, RunComparison
from .figures import shorten
from .negatives.frames import Thumbnail

__all__ = ['Example', 'PairExamples', 'draw_changes', 'draw_examples']

_BETTER, _WORSE, _BASE = '#0a58ca', '#c2410c', '#8a94a0'


class Example(NamedTuple):
    """A video of a pair.

    Args:
        path (str): As the list has it.
        label (int): Its class.
        guesses (tuple[int, int]): What the baseline and the other run took it for.
        scores (tuple[float, float]): Their scores for that.
        image (Thumbnail): Its middle frame.
    """

    path: str
    label: int
    guesses: tuple[int, int]
    scores: tuple[float, float]
    image: Thumbnail


class PairExamples(NamedTuple):
    """A pair with videos that show it."""

    pair: PairChange
    examples: Sequence[Example]


def draw_changes(runs: RunComparison, classes: Sequence[str], names: tuple[str, str], most: int):
    """Draw what changed: pairs on the left, classes on the right, a line from before to after.

    Args:
        runs (RunComparison): The runs.
        classes (Sequence[str]): Class names.
        names (tuple[str, str]): Of the baseline and of the other run.
        most (int): Pairs that improved, pairs that worsened; classes likewise.

    Returns:
        matplotlib.figure.Figure: To be saved within :func:`..figures.figure_style`.
    """
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MaxNLocator

    pairs = [*runs.improved(most), *reversed(runs.worsened(most))]
    changed = [c for c in runs.classes if c.change]
    shown = changed if len(changed) <= 2 * most else [*changed[:most], *changed[-most:]]
    height = 1.4 + 0.24 * max(len(pairs), len(shown), 3)
    figure = Figure(figsize=(11.5, height), layout='constrained')
    left, right = figure.subplots(1, 2)
    _dumbbells(
        left,
        [f'{shorten(classes[p.first], 28)} / {shorten(classes[p.second], 28)}' for p in pairs],
        [(p.before, p.after) for p in pairs],
        fewer_is_better=True,
    )
    left.set_title('pairs of classes: videos mixed up', fontsize=10)
    left.set_xlim(left=0)
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    _dumbbells(
        right,
        [shorten(classes[c.label], 34) for c in shown],
        [(100 * c.before / c.videos, 100 * c.after / c.videos) for c in shown],
        fewer_is_better=False,
    )
    some = '' if len(shown) == len(changed) else f', {len(shown)} of {len(changed)} that changed'
    right.set_title(f'classes: accuracy in %{some}', fontsize=10)
    right.set_xlim(-3, 103)
    marks = [
        Line2D([], [], marker='o', color=color, ls='', label=label)
        for color, label in (
            (_BASE, shorten(names[0], 40)),
            (_BETTER, f'{shorten(names[1], 40)}, better'),
            (_WORSE, f'{shorten(names[1], 40)}, worse'),
        )
    ]
    figure.legend(handles=marks, loc='outside lower center', ncols=3, frameon=False)
    return figure


def _dumbbells(axis, labels: list[str], values: list[tuple], fewer_is_better: bool) -> None:
    if not values:
        axis.text(0.5, 0.5, 'nothing changed', ha='center', transform=axis.transAxes)
    for y, (before, after) in enumerate(values):
        color = _BETTER if (after < before) == fewer_is_better else _WORSE
        axis.plot([before, after], [y, y], c=color, lw=2, alpha=0.6, zorder=1)
        axis.scatter(before, y, s=26, c=_BASE, zorder=2, clip_on=False)
        axis.scatter(after, y, s=34, c=color, zorder=3, clip_on=False)
    axis.set_yticks(range(len(labels)), labels, fontsize=8)
    axis.set_ylim(len(labels) - 0.4, -0.6)
    axis.grid(axis='x', lw=0.3)
    axis.spines[['top', 'right', 'left']].set_visible(False)
    axis.tick_params(axis='y', length=0, pad=7)


def draw_examples(rows: Sequence[PairExamples], classes: Sequence[str]):
    """Draw a row a pair: middle frames of videos that are still mixed up.

    Args:
        rows (Sequence[PairExamples]): At least one pair with videos.
        classes (Sequence[str]): Class names.

    Returns:
        matplotlib.figure.Figure: To be saved within :func:`..figures.figure_style`.
    """
    from matplotlib.figure import Figure

    columns = max(len(row.examples) for row in rows)
    figure = Figure(figsize=(2.1 * max(columns, 3), 2.2 * len(rows)), layout='constrained')
    parts = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
    for part, (pair, examples) in zip(parts, rows, strict=True):
        part.suptitle(
            f'{shorten(classes[pair.first], 32)} / {shorten(classes[pair.second], 32)}: '
            f'{pair.before} → {pair.after} of {pair.videos} videos',
            fontsize=9, fontweight='bold', x=0.01, ha='left',
        )  # fmt: skip
        for axis, example in zip(
            part.subplots(1, max(columns, 3), squeeze=False)[0],
            [*examples, *[None] * max(columns, 3)],
            strict=False,
        ):
            axis.set_axis_off()
            if example is not None:
                _example(axis, example, classes)
    return figure


def _example(axis, example: Example, classes: Sequence[str]) -> None:
    if example.image.uri is None:
        axis.text(0.5, 0.5, 'no picture', ha='center', va='center', fontsize=7)
        axis.set(xlim=(0, 1), ylim=(0, 1))
    else:
        axis.imshow(_decode(example.image.uri))
    true, guess = (shorten(classes[label], 26) for label in (example.label, example.guesses[1]))
    axis.set_title(f'{true}\ntaken for {guess} ({example.scores[1]:.2f})', fontsize=7)


def _decode(uri: str) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(uri.split(',', 1)[1]))) as image:
        return np.asarray(image.convert('RGB'))
