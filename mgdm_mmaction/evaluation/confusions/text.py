"""The comparison of two runs as text for a terminal, and as tables for a spreadsheet."""

import csv
import io
from collections.abc import Sequence

from .comparison import PairChange, RunComparison
from .mined import MinedRanks

__all__ = ['class_table', 'describe_facts', 'describe_runs', 'pair_table']


def describe_facts(runs: RunComparison, mined: MinedRanks | None = None) -> list[str]:
    """Say in lines how the two runs differ as a whole.

    Args:
        runs (RunComparison): The runs.
        mined (MinedRanks, optional): What was mined. Defaults to None.
    """
    total = len(runs)
    accuracy = [100 * float(right.mean()) for right in runs.right]
    fixed, broken = int(runs.fixed.sum()), int(runs.broken.sum())
    both = int((runs.right[0] & runs.right[1]).sum())
    lines = [
        f'top-1 {accuracy[0]:.2f} % -> {accuracy[1]:.2f} % ({accuracy[1] - accuracy[0]:+.2f}), '
        f'{total} videos of {len(runs.classes)} classes',
        f'{fixed} videos fixed, {broken} broken, {both} right in both, '
        f'{total - both - fixed - broken} wrong in both; sign test p = {runs.sign_test:.2g}',
    ]
    if mined is not None:
        shares = mined.shares(runs)
        words = dict(
            before='of the mistakes of the baseline', after='of those left',
            fixed='of the fixed', broken='of the broken',
        )  # fmt: skip
        told = [
            f'{100 * part / whole:.0f} % {words[name]}'
            for name, (part, whole) in shares.items()
            if whole
        ]
        if told:
            lines.append(f'with one of the {mined.k} hardest negatives of the class: '
                         + ', '.join(told))  # fmt: skip
    return lines


def describe_runs(
    runs: RunComparison, classes: Sequence[str], mined: MinedRanks | None = None, number: int = 10
) -> str:
    """Write the summary for a terminal.

    Args:
        runs (RunComparison): The runs.
        classes (Sequence[str]): Class names.
        mined (MinedRanks, optional): What was mined. Defaults to None.
        number (int, optional): Lines of each list. Defaults to 10.
    """
    lines = describe_facts(runs, mined)
    for title, pairs in (
        ('Pairs of classes mixed up less', runs.improved(number)),
        ('Pairs of classes mixed up more', runs.worsened(number)),
        ('Pairs mixed up most after all', runs.worst(number)),
    ):
        lines += ['', f'{title} (mistakes in both directions)']
        lines += [f'  {_pair(pair, classes, mined)}' for pair in pairs] or ['  none']
    changed = [c for c in runs.classes if c.change]
    half = (number + 1) // 2
    shown = changed if len(changed) <= 2 * half else [*changed[:half], *changed[-half:]]
    lines += ['', f'Classes that changed most ({len(changed)} of {len(runs.classes)} changed)']
    lines += [
        f'  {classes[c.label]}: {c.before} -> {c.after} of {c.videos} right '
        f'({100 * c.change:+.0f} points)'
        for c in shown
    ] or ['  none']
    return '\n'.join(lines)


def _pair(pair: PairChange, classes: Sequence[str], mined: MinedRanks | None) -> str:
    text = f'{classes[pair.first]} / {classes[pair.second]}: {pair.before} -> {pair.after} of '
    text += f'{pair.videos} videos ({pair.fixed} fixed, {pair.broken} broken'
    if mined is not None:
        text += f'; {mined.describe(pair)}'
    return text + ')'


def pair_table(runs: RunComparison, classes: Sequence[str], mined: MinedRanks | None = None) -> str:
    """Return all pairs as CSV, the most improved first."""
    rows = []
    for pair in runs.pairs:
        row = [classes[pair.first], classes[pair.second], *pair[2:], pair.change]
        if mined is not None:
            ends = pair.first, pair.second
            row += [mined.ranks[ends] or '', mined.ranks[ends[::-1]] or '']
        rows.append(row)
    head = ['class', 'other_class', 'videos', 'before', 'after', 'fixed', 'broken', 'change']
    return _csv(head if mined is None else [*head, 'mined_rank', 'mined_rank_back'], rows)


def class_table(runs: RunComparison, classes: Sequence[str]) -> str:
    """Return all classes with videos as CSV, the most improved first."""
    rows = [(classes[c.label], *c[1:], f'{c.change:.4f}') for c in runs.classes]
    return _csv(['class', 'videos', 'right_before', 'right_after', 'change'], rows)


def _csv(head: list[str], rows: list[Sequence]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator='\n').writerows([head, *rows])
    return file.getvalue()
