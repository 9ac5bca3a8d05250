"""The comparison of two runs as one HTML file."""

from collections.abc import Mapping, Sequence

import pandas as pd

from ..evaluation.confusions import RunComparison, describe_facts, describe_runs
from .confusions_figures import PairExamples
from .pages import render_page

__all__ = ['build_confusions_page']

_LISTS = {
    'improved': (
        'Pairs mixed up less',
        'A pair counts videos of either class that were taken for the other one. Frames: videos '
        'that the other run no longer mixes up, those first that the baseline was surest about.',
    ),
    'worsened': (
        'Pairs mixed up more',
        'Frames: videos that the baseline did not mix up.',
    ),
    'worst': (
        'Pairs mixed up most after all',
        'Frames: videos that are still, or newly, mixed up.',
    ),
}


def build_confusions_page(
    runs: RunComparison,
    names: tuple[str, str],
    lists: Mapping[str, Sequence[PairExamples]],
    note: str = '',
) -> str:
    """Build the page, which runs no script.

    Args:
        runs (RunComparison): The runs.
        names (tuple[str, str]): Of the baseline and of the other run.
        lists (Mapping[str, Sequence[PairExamples]]): Pairs with videos under 'improved', 'worsened'
            and 'worst'.
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
            dict(
                title=title,
                help=text,
                rows=[
                    dict(pair=row.pair, mined=_mined(runs, row.pair), examples=row.examples)
                    for row in lists[name]
                ],
            )
            for name, (title, text) in _LISTS.items()
        ],
        classes=runs.classes.to_dict('records'),
    )


def _mined(runs: RunComparison, pair: Mapping) -> str:
    """Describe whether the classes of a pair are negatives of each other."""
    if runs.mined is None:
        return ''
    ranks = [str(pair[key]) for key in ('mined_rank', 'mined_rank_back') if pd.notna(pair[key])]
    if not ranks:
        return '; not mined'
    ways = 'both ways, ranks' if len(ranks) == 2 else 'one way, rank'
    return f'; mined {ways} {" and ".join(ranks)}'
