"""The comparison of two runs as text."""

import pandas as pd

from ...report import as_text, percent, table
from .comparison import RunComparison

__all__ = ['describe_facts', 'describe_runs']

_MINED = dict(
    before='of the mistakes of the baseline',
    after='of those left',
    fixed='of the fixed',
    broken='of the broken',
)


def describe_facts(runs: RunComparison) -> list[str]:
    """Describe in lines how the two runs differ as a whole."""
    total = len(runs)
    before, after = (100 * float(right.mean()) for right in runs.right)
    fixed, broken = int(runs.fixed.sum()), int(runs.broken.sum())
    both = int((runs.right[0] & runs.right[1]).sum())
    lines = [
        f'top-1 {before:.2f} % -> {after:.2f} % ({after - before:+.2f}), '
        f'{total} videos of {len(runs.classes)} classes',
        f'{fixed} videos fixed, {broken} broken, {both} right in both, '
        f'{total - both - fixed - broken} wrong in both; sign test p = {runs.sign_test:.2g}',
    ]
    if runs.mined is not None and (shares := runs.mined_shares()):
        parts = [f'{percent(share)} {_MINED[name]}' for name, share in shares.items()]
        lines.append(
            f'with one of the {runs.mined.k} hardest negatives of the class: {", ".join(parts)}'
        )
    return lines


def describe_runs(runs: RunComparison, number: int = 10) -> str:
    """Describe two runs in a page of text, with so many rows in each table."""
    parts = describe_facts(runs)
    for title, pairs in (
        ('Pairs of classes mixed up less', runs.improved(number)),
        ('Pairs of classes mixed up more', runs.worsened(number)),
        ('Pairs mixed up most after all', runs.worst(number)),
    ):
        parts.append(f'\n{title} (mistakes in both directions)')
        parts.append(table(pairs.drop(columns=['first', 'second']), {'change': '{:+d}'.format}))
    changed = runs.classes[runs.classes['change'] != 0]
    half = (number + 1) // 2
    if len(changed) > 2 * half:
        changed = pd.concat([changed[:half], changed[-half:]])
    of = f'{(runs.classes["change"] != 0).sum()} of {len(runs.classes)} changed'
    parts.append(f'\nClasses that changed most ({of}; change of the accuracy in points)')
    parts.append(
        table(changed.drop(columns='label'), {'change': lambda change: f'{100 * change:+.0f}'})
    )
    return as_text(*parts)
