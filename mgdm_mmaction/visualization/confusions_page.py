"""The comparison of two runs as one HTML file that needs nothing else."""

from collections.abc import Sequence

from ..evaluation.confusions.comparison import ClassChange, RunComparison
from ..evaluation.confusions.mined import MinedRanks
from ..evaluation.confusions.text import describe_facts, describe_runs
from .confusions_figures import Example, PairExamples
from .negatives.page_parts import escape, fill_page, resource

__all__ = ['build_confusions_page']

_WIDTH = 160


def build_confusions_page(
    runs: RunComparison,
    classes: Sequence[str],
    names: tuple[str, str],
    lists: dict[str, Sequence[PairExamples]],
    note: str = '',
    mined: MinedRanks | None = None,
) -> str:
    """Build the page. It runs no script; all texts of the user are escaped.

    Args:
        runs (RunComparison): The runs.
        classes (Sequence[str]): Class names.
        names (tuple[str, str]): Of the baseline and of the other run.
        lists (dict[str, Sequence[PairExamples]]): Pairs with videos under 'improved', 'worsened'
            and 'worst'.
        note (str, optional): What else should be said. Defaults to ''.
        mined (MinedRanks, optional): What was mined. Defaults to None.

    Returns:
        str: HTML.
    """
    slots = {
        'title': escape(f'{names[0]} against {names[1]}'),
        'facts': '\n'.join(
            f'<p class="fact">{escape(line)}</p>' for line in describe_facts(runs, mined)
        ),
        'note': escape(note),
        'classes': '\n'.join(_class(change, classes) for change in runs.classes),
        'summary': escape(describe_runs(runs, classes, mined)),
    }
    for name in ('improved', 'worsened', 'worst'):
        pairs = [_pair(row, classes, mined, is_open=i < 3) for i, row in enumerate(lists[name])]
        slots[name] = '\n'.join(pairs) or '<p class="meta">None.</p>'
    style = resource('page.css') + resource('confusions.css')
    return fill_page(resource('confusions.html'), style, '', slots)


def _pair(
    row: PairExamples, classes: Sequence[str], mined: MinedRanks | None, is_open: bool
) -> str:
    pair = row.pair
    name = f'{escape(classes[pair.first])} / {escape(classes[pair.second])}'
    meta = f'{pair.before} → {pair.after} of {pair.videos} videos, {pair.fixed} fixed, '
    meta += f'{pair.broken} broken'
    if mined is not None:
        meta += f'; {mined.describe(pair)}'
    videos = ''.join(_video(example, classes) for example in row.examples)
    return (
        f'<details class="pair"{" open" if is_open else ""}><summary><span class="name">{name}'
        f'</span> <span class="{_kind(-pair.change)}">{pair.change:+d}</span> <span class="meta">'
        f'{meta}</span></summary><ul class="videos">{videos}</ul></details>'
    )


def _video(example: Example, classes: Sequence[str]) -> str:
    path = escape(example.path)
    if example.image.uri is None:
        picture = f'<div class="tile">{path}: {escape(example.image.problem)}</div>'
    else:
        picture = f'<img alt="Middle frame of {path}" src="{escape(example.image.uri)}">'
    said = ''.join(
        f'<li>{when}: <span class="{_kind((guess == example.label) - 0.5)}">'
        f'{escape(classes[guess])}</span> <span class="score">{score:.3f}</span></li>'
        for when, guess, score in zip(
            ('before', 'after'), example.guesses, example.scores, strict=True
        )
    )
    return (
        f'<li>{picture}<p class="path">{path}</p><p>{escape(classes[example.label])}</p>'
        f'<ul class="negatives">{said}</ul></li>'
    )


def _class(change: ClassChange, classes: Sequence[str]) -> str:
    before, after = change.before / change.videos, change.after / change.videos
    kind = _kind(change.change)
    # Attributes and no style, which the policy would not allow.
    bar = (
        f'<svg width="{_WIDTH}" height="14" aria-hidden="true"><line class="line" x1="0" y1="7" '
        f'x2="{_WIDTH}" y2="7"/><rect class="before" x="0" y="4" width="{before * _WIDTH:.1f}" '
        f'height="6"/><rect class="after {kind}" x="{after * (_WIDTH - 4):.1f}" y="0" width="4" '
        'height="14"/></svg>'
    )
    return (
        f'<tr><td>{escape(classes[change.label])}</td><td>{change.videos}</td>'
        f'<td>{100 * before:.1f} %</td><td>{100 * after:.1f} %</td>'
        f'<td class="{kind}">{100 * change.change:+.1f}</td><td>{bar}</td></tr>'
    )


def _kind(change: float) -> str:
    return 'better' if change > 0 else 'worse' if change < 0 else 'same'
