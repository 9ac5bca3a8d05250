"""The figures of a negatives file as text for a terminal."""

from collections.abc import Sequence

import numpy as np

from ...text.prompts import describe_prompt
from .. import NegativesFile
from .coverage import ListCoverage
from .histogram import draw_histogram
from .pairs import confused_pairs, confused_with_others
from .statistics import FileStatistics, Pair, class_names

__all__ = ['describe_file', 'list_names', 'percent']

# Names shown where there may be hundreds.
_SHOWN = 5


def percent(share: float) -> str:
    """Write a fraction as a percentage."""
    return f'{100 * share:.0f} %'


def list_names(names: Sequence[str], shown: int = _SHOWN) -> str:
    """Write the first few of several names and how many follow."""
    more = f' and {len(names) - shown} more' if len(names) > shown else ''
    return ', '.join(names[:shown]) + more


def describe_file(
    file: NegativesFile, counts: FileStatistics, coverage: ListCoverage | None = None
) -> str:
    """Describe a file in a page of text.

    Args:
        file (NegativesFile): The file.
        counts (FileStatistics): Its counts.
        coverage (ListCoverage, optional): What it has of the lists. Defaults to None.

    Returns:
        str: Several paragraphs, without a line break at the end.
    """
    parts = [
        _head(file, counts),
        _coverage(file, counts, coverage),
        _scores(file),
        _pairs(file, counts),
        _overlap(file, counts),
        _labels(file, counts),
    ]
    return '\n\n'.join('\n'.join(lines) for lines in parts)


def _head(file: NegativesFile, counts: FileStatistics) -> list[str]:
    head = file.header
    # What ranked the labels, where the file says so: the frozen CLIP, texts alone, a test run.
    scorer = f', ranked by: {name}' if (name := head.settings.get('scorer')) else ''
    return [
        f'{file.path}: {counts.num_videos} videos, {counts.k} negatives each, {len(file.corpus)} '
        f'labels, {len(file.corpus.classes)} of them classes',
        f'mined with {head.describe_tower()}, {describe_prompt(head.prompt)}{scorer}',
    ]


def _coverage(
    file: NegativesFile, counts: FileStatistics, coverage: ListCoverage | None
) -> list[str]:
    names = class_names(file)
    videos = counts.videos
    lines = [
        'Coverage',
        f'  videos a class: {videos.min()} to {videos.max()}, median {np.median(videos):g}',
    ]
    if empty := [names[i] for i in np.flatnonzero(videos == 0)]:
        lines.append(f'  {len(empty)} classes have no video: {list_names(empty)}')
    if coverage is None:
        return lines
    found = coverage.num_listed - len(coverage.missing)
    lines.append(
        f'  {found} of the {coverage.num_listed} videos of {", ".join(coverage.ann_files)} '
        f'({100 * found / coverage.num_listed:.2f} %) have negatives'
    )
    if coverage.missing:
        lines.append(f'  without: {list_names(coverage.missing)}')
        share = coverage.found / np.maximum(coverage.listed, 1)
        worst = np.argsort(np.where(coverage.listed, share, 1), kind='stable')[:_SHOWN]
        lines.append(
            '  classes that lack most: '
            + ', '.join(
                f'{names[i]} ({coverage.found[i]} of {coverage.listed[i]})'
                for i in worst
                if coverage.found[i] < coverage.listed[i]
            )
        )
    if coverage.other_class:
        lines.append(
            f'  {len(coverage.other_class)} have another label in the file than in the list: '
            f'{list_names(coverage.other_class)}'
        )
    if coverage.num_not_listed:
        lines.append(f'  {coverage.num_not_listed} videos of the file are not in the list')
    if coverage.same_digest is not None:
        which = 'the list that was mined' if coverage.same_digest else 'another list than was mined'
        lines.append(f'  by its digest this is {which}')
    return lines


def _scores(file: NegativesFile) -> list[str]:
    ranks = sorted({1, min(3, file.k), min(7, file.k), file.k})
    medians = ', '.join(f'{np.median(file.scores[:, i - 1]):.3f} at rank {i}' for i in ranks)
    return [
        f'Scores of all {file.scores.size} negatives',
        *(f'  {line}' for line in draw_histogram(file.scores.ravel())),
        f'  median: {medians}',
    ]


def _pairs(file: NegativesFile, counts: FileStatistics) -> list[str]:
    lines = [
        f'Most confused pairs (share of the videos of the one class that have the other among '
        f'their first {counts.first}, and the other way round)'
    ]
    lines += [_pair(pair) for pair in confused_pairs(file, counts)] or ['  none']
    if others := confused_with_others(file, counts):
        lines.append('Most confused with labels that are no class of the data set')
        lines += [_pair(pair) for pair in others]
    return lines


def _pair(pair: Pair) -> str:
    back = '' if pair.backward is None else f', back {percent(pair.backward)}'
    return f'  {pair.first} -> {pair.second}: {percent(pair.forward)}{back}'


def _overlap(file: NegativesFile, counts: FileStatistics) -> list[str]:
    title = f'How alike two videos are: Jaccard overlap of their first {counts.depth} negatives'
    known = np.flatnonzero(~np.isnan(counts.overlap))
    if not len(known):
        return [title, '  no class has two videos']
    mean, names = counts.mean_overlap, class_names(file)
    lines = [title, f'  {mean:.2f} within a class: {_common(mean, counts.depth)}']
    if not np.isnan(between := counts.overlap_between):
        lines.append(f'  {between:.2f} between classes: {_common(between, counts.depth)}')
    lines.append('  1 would mean that all videos of a class have the same negatives: mining by')
    lines.append('  class would then do as well; the lower, the more the single video decides.')
    order = known[np.argsort(counts.overlap[known], kind='stable')]
    for what, chosen in (('least', order[:_SHOWN]), ('most', order[::-1][:_SHOWN])):
        shown = ', '.join(f'{names[i]} {counts.overlap[i]:.2f}' for i in chosen)
        lines.append(f'  {what} alike: {shown}')
    return lines


def _common(overlap: float, depth: int) -> str:
    """Say an overlap as the number of negatives two sets of that overlap share."""
    return f'about {2 * depth * overlap / (1 + overlap):.1f} of {depth} the same'


def _labels(file: NegativesFile, counts: FileStatistics) -> list[str]:
    totals = counts.among_depth.sum(axis=0)
    order = np.argsort(-totals, kind='stable')[:_SHOWN]
    labels = file.corpus.labels
    never = [labels[i] for i in np.flatnonzero(counts.used == 0)]
    most = ', '.join(f'{labels[i]} ({percent(totals[i] / counts.num_videos)})' for i in order)
    lines = [
        'Labels as negatives',
        f'  most often (share of all videos, among the first {counts.depth}): {most}',
    ]
    if never:
        lines.append(f'  never, even among all {counts.k}: {len(never)} ({list_names(never)})')
    else:
        lines.append('  every label is a negative of some video')
    return lines
