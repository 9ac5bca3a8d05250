"""What a negatives file holds, and what changed between two, as text."""

import numpy as np
import pandas as pd
from rich.console import RenderableType

from ...report import as_text, list_names, percent, table
from .. import NegativesFile
from .comparison import Comparison
from .coverage import ListCoverage
from .statistics import FileStatistics, class_names, confused_pairs, confused_with_others

__all__ = ['describe_comparison', 'describe_file']

# Pairs or classes in a table; names in a line where there may be hundreds.
_ROWS = 10
_SHOWN = 5
_SHARES = dict.fromkeys(('share', 'back', 'A', 'B'), percent)


def describe_file(
    file: NegativesFile, counts: FileStatistics, coverage: ListCoverage | None = None
) -> str:
    """Describe a file, and what it has of annotation lists, in a page of text."""
    ranks = sorted({1, min(3, file.k), min(7, file.k), file.k})
    medians = ', '.join(f'{np.median(file.scores[:, i - 1]):.3f} at rank {i}' for i in ranks)
    parts = [
        str(file),
        '\nCoverage',
        *_coverage(file, counts, coverage),
        f'\nScores: {file.scores.min():.3f} to {file.scores.max():.3f}; median: {medians}',
        f'\nMost confused pairs (share of the videos of the class with the other one among their '
        f'first {counts.first}, and back)',
        table(confused_pairs(file, counts)[:_ROWS], _SHARES),
    ]
    others = confused_with_others(file, counts)[:_SHOWN]
    if len(others):
        parts += ['\nMost confused with labels that are no class', table(others, _SHARES)]
    return as_text(*parts, *_overlap(file, counts), *_labels(file, counts))


def _coverage(
    file: NegativesFile, counts: FileStatistics, coverage: ListCoverage | None
) -> list[RenderableType]:
    names, videos = class_names(file), counts.videos
    lines = [f'  videos a class: {videos.min()} to {videos.max()}, median {np.median(videos):g}']
    if len(empty := names[videos == 0]):
        lines.append(f'  {len(empty)} classes have no video: {list_names(empty)}')
    if coverage is None:
        return lines
    listed = coverage.videos
    lacks = listed['mined'] < 0
    missing = listed.loc[lacks, 'path'].tolist()
    lines.append(
        f'  {len(listed) - len(missing)} of the {len(listed)} listed videos '
        f'({100 * (1 - lacks.mean()):.2f} %) have negatives'
    )
    if missing:
        lines.append(f'  without: {list_names(missing)}')
        by_class = lacks.groupby(listed['label']).agg(['mean', 'sum', 'size'])
        worst = by_class[by_class['sum'] > 0].sort_values('mean', ascending=False, kind='stable')
        some = [f'{names[i]} ({n - few} of {n})' for i, _, few, n in worst[:_SHOWN].itertuples()]
        lines.append(f'  classes that lack most: {", ".join(some)}')
    other = listed.loc[~lacks & (listed['mined'] != listed['label']), 'path'].tolist()
    if other:
        lines.append(f'  {len(other)} have another label in the file: {list_names(other)}')
    if coverage.num_not_listed:
        lines.append(f'  {coverage.num_not_listed} videos of the file are not in the list')
    if coverage.same_digest is not None:
        which = 'the list that was mined' if coverage.same_digest else 'another list than was mined'
        lines.append(f'  by its digest this is {which}')
    return lines


def _overlap(file: NegativesFile, counts: FileStatistics) -> list[RenderableType]:
    lines = [f'\nHow alike two videos are: Jaccard overlap of their first {counts.depth} negatives']
    known = pd.Series(counts.overlap, class_names(file)).dropna()
    if known.empty:
        return [*lines, '  no class has two videos']
    lines.append(f'  {known.mean():.2f} within a class: {_common(known.mean(), counts.depth)}')
    if not np.isnan(between := counts.overlap_between):
        lines.append(f'  {between:.2f} between classes: {_common(between, counts.depth)}')
    lines.append('  at 1, mining by class would do as well; the lower, the more the video decides')
    known = known.sort_values(kind='stable')
    for what, chosen in (('least', known[:_SHOWN]), ('most', known[::-1][:_SHOWN])):
        shown = ', '.join(f'{name} {overlap:.2f}' for name, overlap in chosen.items())
        lines.append(f'  {what} alike: {shown}')
    return lines


def _common(overlap: float, depth: int) -> str:
    """Write an overlap as the number of negatives that two sets of that overlap share."""
    return f'about {2 * depth * overlap / (1 + overlap):.1f} of {depth} the same'


def _labels(file: NegativesFile, counts: FileStatistics) -> list[RenderableType]:
    labels = np.array(file.corpus.labels, dtype=object)
    first = file.negatives[:, : counts.depth]
    shares = np.bincount(first.ravel(), minlength=len(labels)) / len(file)
    order = np.argsort(-shares, kind='stable')[:_SHOWN]
    most = ', '.join(f'{labels[i]} ({percent(shares[i])})' for i in order)
    never = labels[counts.used == 0]
    return [
        '\nLabels as negatives',
        f'  most often (share of all videos, among the first {counts.depth}): {most}',
        f'  never, even among all {file.k}: {len(never)} ({list_names(never)})'
        if len(never)
        else '  every label is a negative of some video',
    ]


def describe_comparison(found: Comparison) -> str:
    """Describe what differs between two files in a page of text."""
    parts = [f'A: {found.paths[0]}', f'B: {found.paths[1]}']
    if found.header.empty:
        parts.append('mined alike: the headers are the same')
    else:
        parts += ['mined otherwise', table(found.header, {'A': _entry, 'B': _entry})]
    order = '' if found.same_ids else ', in another order; compared by name'
    parts.append(f'\nLabels: {found.num_labels} in both{order}')
    parts += _sides(found.labels, 5)
    parts.append(f'Videos: {found.num_common} in both')
    parts += _sides(found.videos, 3)
    if found.num_relabelled:
        parts.append(f'  {found.num_relabelled} of those in both are of another class in B')
    if not found.num_common:
        parts.append('  Nothing to compare: no path of one is the end of a path of the other.')
        return as_text(*parts)
    parts.append('\nNegatives of a video in A and in B (mean over the videos in both)')
    for depth, same, overlap in found.overlaps.itertuples():
        parts.append(f'  first {depth}: {same:.2f} of {depth} the same, overlap {overlap:.3f}')
    if not np.isnan(found.rank_change):
        parts.append(f'  a negative in both moved by {found.rank_change:.2f} ranks')
    if found.classes.empty:
        parts.append(f'No class changed: the first {found.depth} of every video are the same.')
    else:
        parts.append(f'Classes that changed most (overlap of the first {found.depth})')
        parts.append(table(found.classes[:_ROWS], {'overlap': '{:.2f}'.format}))
    changes, first = found.changes, found.first
    grown = changes['B'] > changes['A']
    for what, rows in (('Appeared', changes[grown]), ('Disappeared', changes[~grown][::-1])):
        parts.append(
            f'\n{what} (share of the videos of the class with the label among the first {first})'
        )
        parts.append(table(rows[:_ROWS], _SHARES))
    return as_text(*parts)


def _entry(value: object) -> str:
    """Write an entry of a header, of which a pipeline or a list of prompts may be long."""
    text = str(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def _sides(names: tuple[list[str], list[str]], shown: int) -> list[str]:
    return [
        f'  {len(some)} only in {side}: {list_names(some, shown)}'
        for side, some in zip('AB', names, strict=True)
        if some
    ]
