"""A histogram drawn with characters."""

import numpy as np

__all__ = ['draw_histogram']

# Eighths of a character, so that 40 columns show 320 steps.
_EIGHTHS = ' ▏▎▍▌▋▊▉'


def draw_histogram(values: np.ndarray, bins: int = 12, width: int = 40) -> list[str]:
    r"""Draw how values are spread.

    Args:
        values (np.ndarray): One or more finite values.
        bins (int, optional): Lines. Defaults to 12.
        width (int, optional): Characters of the longest bar. Defaults to 40.

    Returns:
        list[str]: ``from .. to  share  bar``, one line a bin; a single line if all values are
        equal.

    Example:
        >>> print('\n'.join(draw_histogram(np.array([0.0, 0.5, 0.5, 1.0]), bins=2, width=4)))
        0.000 .. 0.500    25.0 %  █▍
        0.500 .. 1.000    75.0 %  ████
    """
    low, high = float(values.min()), float(values.max())
    counts, edges = np.histogram(values, bins if high > low else 1, (low, max(high, low + 1e-9)))
    number = max(len(f'{edge:.3f}') for edge in edges)
    lines = []
    for count, left, right in zip(counts, edges, edges[1:], strict=False):
        eighths = round(8 * width * count / counts.max())
        bar = '█' * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        # A bin with anything in it must not look empty.
        bar = bar or ('▏' if count else '')
        share = f'{100 * count / len(values):5.1f} %'
        lines.append(f'{left:{number}.3f} .. {right:{number}.3f}  {share:>8}  {bar}'.rstrip())
    return lines
