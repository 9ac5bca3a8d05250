"""Mean and spread over the splits, seeds and draws of a protocol."""

import statistics
from collections.abc import Callable, Sequence

from ..errors import MGDMError
from .report import METRICS, Report, markdown_table, percent, title_of

__all__ = ['check_runs', 'combine', 'summary_table', 'summary_text']

#: What the runs of a protocol may differ in; their lists and checkpoints follow from it.
VARIES = ('split', 'seed', 'draw')
_SAME = ('name', 'data', 'shots', 'frames', 'clips', 'crops', 'average_clips', 'arch', 'prompt',
         'context', 'k')  # fmt: skip
# Base and novel classes may be more and fewer.
_SAME_IN_PART = ('classes', 'corpus_labels')


def combine(reports: Sequence[Report]) -> dict:
    """Combine the reports of one protocol.

    Args:
        reports (Sequence[Report]): At least two.

    Returns:
        dict: For every part ('all', or 'base' and 'novel') and metric the ``mean``, the ``spread``
        (standard deviation with n - 1, None for one run) and the ``values``; with both parts also
        'harmonic': of the two means, and the spread over the pairs of runs.

    Raises:
        MGDMError: If the reports do not belong together; the message names what differs.
    """
    if len(reports) < 2:
        raise MGDMError(f'{len(reports)} report: there is nothing to combine; name several.')
    _check(reports)
    parts: dict[str, list[Report]] = {}
    for report in reports:
        parts.setdefault(report.protocol.get('part') or 'all', []).append(report)
    summary = {
        part: {key: _statistics([r.metrics[key] for r in found]) for key in METRICS}
        for part, found in parts.items()
    }
    if {'base', 'novel'} <= set(parts):
        summary['harmonic'] = {key: _harmonic(parts, key, summary) for key in METRICS}
    return summary


def check_runs(runs: Sequence[tuple[str, dict]]) -> None:
    """Refuse two runs that are one of the protocol.

    Args:
        runs (Sequence[tuple[str, dict]]): Name, for the message, and protocol of each.

    Raises:
        MGDMError: If part, split, seed and draw of two are the same.
    """
    seen: dict[tuple, str] = {}
    for name, protocol in runs:
        run = tuple(protocol.get(key) for key in ('part', *VARIES))
        if run in seen:
            raise MGDMError(
                f'{seen[run]} and {name} are the same run of the protocol ({title_of(protocol)}); '
                'a mean counts it once. Set in `protocol` of the config which split, seed or draw '
                'each is.'
            )
        seen[run] = name


def _statistics(values: list[float]) -> dict:
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {'mean': statistics.fmean(values), 'spread': spread, 'values': values}


def _harmonic(parts: dict[str, list[Report]], key: str, summary: dict) -> dict:
    """The field takes the harmonic mean of the two means; the spread needs it run by run."""
    novel = {_run(report): report.metrics[key] for report in parts['novel']}
    values = [_harmonic_mean(report.metrics[key], novel[_run(report)]) for report in parts['base']]
    mean = _harmonic_mean(summary['base'][key]['mean'], summary['novel'][key]['mean'])
    return {**_statistics(values), 'mean': mean}


def _harmonic_mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def _run(report: Report) -> tuple:
    return tuple(report.protocol.get(key) for key in VARIES)


def _check(reports: Sequence[Report]) -> None:
    _equal(reports, _SAME, lambda p: ())
    _equal(reports, _SAME_IN_PART, lambda p: (p['part'],))
    _equal(reports, ('classes_digest', 'corpus_digest'), lambda p: (p['part'], p['draw']))
    _equal(reports, ('list_digest', 'videos'), lambda p: (p['part'], p['draw'], p['split']))
    check_runs([(_name(report), report.protocol) for report in reports])
    if reports[0].protocol['name'].startswith('zero-shot'):
        _equal(reports, ('checkpoint_digest',), lambda p: ())
        return
    _equal(reports, ('checkpoint_digest',), lambda p: tuple(p[key] for key in VARIES))
    _check_pairs(reports)
    _check_trainings(reports)


def _check_pairs(reports: Sequence[Report]) -> None:
    parts = {report.protocol['part'] for report in reports}
    if len(parts) < 2:
        return
    if None in parts:
        raise MGDMError(
            'some reports are of base or novel classes and some are of all; combine one kind.'
        )
    runs = [{_run(r) for r in reports if r.protocol['part'] == part} for part in ('base', 'novel')]
    alone = [r for r in reports if _run(r) in runs[0] ^ runs[1]]
    if alone:
        raise MGDMError(
            f'{_name(alone[0])} ({title_of(alone[0].protocol)}) has no partner: the harmonic mean '
            'needs base and novel classes of every run.'
        )


def _check_trainings(reports: Sequence[Report]) -> None:
    """Each split or seed is trained by itself."""
    trained: dict[str, Report] = {}
    for report in reports:
        digest = report.protocol['checkpoint_digest']
        if digest is None:
            continue
        other = trained.setdefault(digest, report)
        if _run(other) != _run(report):
            raise MGDMError(
                f'{_name(other)} ({title_of(other.protocol)}) and {_name(report)} '
                f'({title_of(report.protocol)}) tested the same checkpoint ({digest}), but every '
                'split and seed of this protocol has a training of its own.'
            )


def _equal(reports: Sequence[Report], keys: Sequence[str], group: Callable[[dict], tuple]) -> None:
    first: dict[tuple, Report] = {}
    for report in reports:
        p = report.protocol
        other = first.setdefault(group(p), report)
        differing = [key for key in keys if p.get(key) != other.protocol.get(key)]
        if differing:
            named = '; '.join(
                f'{key} is {other.protocol.get(key)!r} and {p.get(key)!r}' for key in differing
            )
            raise MGDMError(
                f'{_name(other)} and {_name(report)} are of different protocols: {named}. Their '
                'mean would mean nothing; combine what agrees.'
            )


def _name(report: Report) -> str:
    return f'{report.config} on {report.protocol["list"]}'


def _cell(found: dict) -> str:
    spread = '' if found['spread'] is None else f' ± {100 * found["spread"]:.2f}'
    return percent(found['mean']).replace(' %', spread + ' %')


def summary_text(reports: Sequence[Report], summary: dict) -> str:
    """Return the means and spreads of :func:`combine` in words."""
    lines = [
        f'mean ± standard deviation (n - 1) of {len(reports)} reports:',
        *(
            f'  {part:10}' + '   '.join(f'{METRICS[key]} {_cell(found[key])}' for key in METRICS)
            for part, found in summary.items()
        ),
    ]
    versions = {name for report in reports for name in report.versions.items()}
    names = [name for name, _ in versions]
    several = sorted({name for name in names if names.count(name) > 1})
    if several:
        lines.append(f'note: the reports were made with several versions of {", ".join(several)}')
    return '\n'.join(lines)


def summary_table(reports: Sequence[Report], summary: dict) -> str:
    """Return a Markdown table: a row a report, and a row for each mean of :func:`combine`."""
    rows = [report.to_row() for report in reports]
    for part, found in summary.items():
        row = dict.fromkeys(rows[0], '')
        row['protocol'] = f'**{part}: mean ± spread**'
        row |= {METRICS[key]: _cell(found[key]).replace(' %', '') for key in METRICS}
        rows.append(row)
    return markdown_table(rows)
