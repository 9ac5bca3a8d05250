"""The comparison of two runs as one HTML file, and what changed as a figure."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ..evaluation.confusions import RunComparison, describe_facts, describe_runs
from .figures import shorten
from .middle_frames import thumbnails
from .pages import render_page

__all__ = ['build_confusions_page', 'draw_changes', 'pairs_with_examples']

# List of the page: which videos it shows, see :meth:`RunComparison.examples`; title, explanation.
_LISTS = {
    'improved': (
        'gone',
        'Pairs mixed up less',
        'A pair counts videos of either class that were taken for the other one. Frames: videos '
        'that the other run no longer mixes up, those first that the baseline was surest about.',
    ),
    'worsened': ('new', 'Pairs mixed up more', 'Frames: videos that the baseline did not mix up.'),
    'worst': (
        'after',
        'Pairs mixed up most after all',
        'Frames: videos that are still, or newly, mixed up.',
    ),
}
_BETTER, _WORSE, _BASE = '#0a58ca', '#c2410c', '#8a94a0'


def pairs_with_examples(
    runs: RunComparison, paths: Sequence[str], number: int, examples: int
) -> tuple[dict[str, list[dict]], str]:
    """Choose the pairs of a page and videos that show them, and read their middle frames.

    Args:
        runs (RunComparison): The runs, on N videos.
        paths (Sequence[str]): Files of the N videos.
        number (int): Pairs of each list.
        examples (int): Videos of a pair.

    Returns:
        tuple[dict[str, list[dict]], str]: The lists of a page, and what to report of videos that
        cannot be read.
    """
    pairs = {name: getattr(runs, name)(number).to_dict('records') for name in _LISTS}
    chosen = {
        name: [runs.examples((p['first'], p['second']), examples, _LISTS[name][0]) for p in found]
        for name, found in pairs.items()
    }
    rows = sorted({row for found in chosen.values() for some in found for row in some})
    images = dict(zip(rows, thumbnails([paths[row] for row in rows]), strict=True))
    note = ''
    if bad := [row for row in rows if images[row].uri is None]:
        note = (
            f'{len(bad)} of {len(rows)} example videos could not be read and are grey, such as '
            f'{paths[bad[0]]}: {images[bad[0]].problem}.'
        )
    root = os.path.commonpath([Path(paths[row]).parent for row in rows]) if rows else ''

    def example(row: int) -> dict:
        label = runs.labels[row]
        return dict(
            path=os.path.relpath(paths[row], root or None),
            label=runs.class_names[label],
            guesses=[
                (runs.class_names[guess[row]], scores[row, guess[row]], guess[row] == label)
                for guess, scores in zip(runs.guesses, runs.scores, strict=True)
            ],
            image=images[row],
        )

    lists = {
        name: [
            dict(pair=pair, mined=_mined(runs, pair), examples=[example(row) for row in some])
            for pair, some in zip(pairs[name], chosen[name], strict=True)
        ]
        for name in _LISTS
    }
    return lists, note


def build_confusions_page(
    runs: RunComparison,
    names: tuple[str, str],
    lists: Mapping[str, Sequence[dict]],
    note: str = '',
) -> str:
    """Build the page, which runs no script.

    Args:
        runs (RunComparison): The runs.
        names (tuple[str, str]): Of the baseline and of the other run.
        lists (Mapping[str, Sequence[dict]]): What :func:`pairs_with_examples` chose.
        note (str, optional): What else to report. Defaults to ''.

    Returns:
        str: HTML.
    """
    return render_page(
        'confusions',
        kind='Confusions',
        title=f'{names[0]} against {names[1]}',
        facts=describe_facts(runs),
        summary=describe_runs(runs),
        note=note,
        lists=[
            dict(title=title, help=text, rows=lists[name])
            for name, (_, title, text) in _LISTS.items()
        ],
        classes=runs.classes.to_dict('records'),
    )


def _mined(runs: RunComparison, pair: Mapping) -> str:
    """Describe whether the classes of a pair are negatives of each other."""
    if runs.mined is None:
        return ''
    ranks = [str(pair[key]) for key in ('mined_rank', 'mined_rank_back') if pd.notna(pair[key])]
    ways = 'both ways, ranks' if len(ranks) == 2 else 'one way, rank'
    return f'; mined {ways} {" and ".join(ranks)}' if ranks else '; not mined'


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
