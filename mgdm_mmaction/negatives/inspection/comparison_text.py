"""A comparison of two files as text for a terminal."""

from .comparison import Change, Comparison
from .summary import list_names, percent

__all__ = ['describe_comparison']

# Characters of a header entry that are shown.
_WIDTH = 60


def describe_comparison(found: Comparison) -> str:
    """Describe what differs between two files.

    Args:
        found (Comparison): The differences.

    Returns:
        str: Several paragraphs, without a line break at the end.
    """
    parts = [_head(found), _sides(found)]
    if found.num_common:
        parts += [_overlap(found), _pairs(found)]
    return '\n\n'.join('\n'.join(lines) for lines in parts)


def _head(found: Comparison) -> list[str]:
    lines = [f'A: {found.paths[0]}', f'B: {found.paths[1]}']
    if not found.header:
        return [*lines, 'mined alike: the headers say the same']
    lines.append('mined otherwise (A | B):')
    return lines + [f'  {key}: {_short(a)} | {_short(b)}' for key, a, b in found.header]


def _short(value: object) -> str:
    text = 'not there' if value is None else str(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 3] + '...'


def _sides(found: Comparison) -> list[str]:
    lines = [f'Labels: {found.num_labels} in both']
    if not found.same_ids:
        lines[0] += ', in another order; compared by name'
    for side, names in zip('AB', found.labels, strict=True):
        if names:
            lines.append(f'  {len(names)} only in {side}: {list_names(names)}')
    lines.append(f'Videos: {found.num_common} in both')
    for side, names in zip('AB', found.videos, strict=True):
        if names:
            lines.append(f'  {len(names)} only in {side}: {list_names(names, 3)}')
    if found.num_relabelled:
        lines.append(f'  {found.num_relabelled} of those in both are of another class in B')
    if not found.num_common:
        lines.append('  Nothing to compare: no path of one is the end of a path of the other.')
    return lines


def _overlap(found: Comparison) -> list[str]:
    lines = ['Negatives of a video in A and in B (mean over the videos in both)']
    for depth, (overlap, common) in found.overlaps.items():
        lines.append(f'  first {depth}: {common:.2f} of {depth} the same, overlap {overlap:.3f}')
    if found.rank_change == found.rank_change:
        lines.append(f'  a negative in both moved by {found.rank_change:.2f} ranks')
    if found.changed:
        lines.append(f'Classes that changed most (overlap of the first {found.depth})')
        lines += [f'  {name}: {mean:.2f} ({count} videos)' for name, mean, count in found.changed]
    else:
        lines.append(f'No class changed: the first {found.depth} of every video are the same.')
    return lines


def _pairs(found: Comparison) -> list[str]:
    lines = []
    for what, changes in (('Appeared', found.appeared), ('Disappeared', found.disappeared)):
        lines.append(
            f'{what} (share of the videos of the class with the label among the first '
            f'{found.first}, A to B)'
        )
        lines += [_change(change) for change in changes] or ['  none']
    return lines


def _change(change: Change) -> str:
    shares = f'{percent(change.before)} to {percent(change.after)}'
    return f'  {change.first} -> {change.second}: {shares}'
