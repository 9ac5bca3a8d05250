"""The command line of the evaluator."""

import argparse
import itertools
import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MGDMError, check_output
from .common import add_runner_arguments

if TYPE_CHECKING:
    from ..config import ParsedConfig
    from ..evaluation.report import Report

__all__ = ['main']

_MOST_TESTS = 1_000_000


def main(argv: Sequence[str] | None = None) -> None:
    """Test and report, see ``tools/evaluate.py --help``."""
    args = _parse(argv)
    out = _out(args.out)
    from ..apis.measure import declared_protocol, measure
    from ..evaluation.combine import check_runs, combine
    from ..evaluation.report import read_reports

    if args.combine:
        if args.config or args.over or args.configs or args.checkpoints:
            raise MGDMError('--combine reads reports that are there; it takes no config.')
        reports = [report for path in args.combine for report in read_reports(path)]
        summary = combine(reports)
    else:
        runs = list(_runs(args))
        # The last list is missed, and a run that counts twice is found, before the first test,
        # which may take hours.
        prepared = [_prepare(args, *run) for run in runs]
        check_runs([(cfg.path, declared_protocol(cfg)) for cfg in prepared])
        reports = [measure(_prepare(args, *run)) for run in runs]
        # A report that took hours is kept, also where it does not go with the others.
        _write(out, reports, None)
        summary = combine(reports) if len(reports) > 1 else None
    if _write(out, reports, summary):
        print('\n\n'.join(_texts(reports, summary)), flush=True)


def _runs(args: argparse.Namespace) -> Iterator[tuple[str, str | None, dict[str, str]]]:
    """Yield config, checkpoint and environment variables of every test."""
    if (args.config is None) == (args.configs is None):
        raise MGDMError('name one config, several with --configs, or reports with --combine.')
    configs = args.configs or [args.config]
    checkpoints = args.checkpoints or [args.checkpoint]
    if args.configs and args.checkpoint:
        raise MGDMError('--configs: name the checkpoints with --checkpoints.')
    if len(checkpoints) not in (1, len(configs)):
        raise MGDMError(
            f'{len(checkpoints)} checkpoints for {len(configs)} configs; expected one for all, or '
            'one each.'
        )
    if len(checkpoints) == 1:
        checkpoints *= len(configs)
    for config, checkpoint in zip(configs, checkpoints, strict=True):
        for variables in _variables(args.over):
            filled = checkpoint
            for name, value in variables.items():
                filled = filled and filled.replace(f'{{{name}}}', value)
            yield config, filled, variables


def _variables(over: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield all combinations of ``NAME=1,2,3`` or ``NAME=1-3``."""
    names, values = [], []
    for item in over:
        name, _, text = item.partition('=')
        found = []
        for part in text.split(','):
            bounds = re.fullmatch(r'(\d+)-(\d+)', part)
            if bounds and int(bounds[1]) <= int(bounds[2]):
                found.append(range(int(bounds[1]), int(bounds[2]) + 1))
            elif part and not bounds:
                found.append([part])
            else:
                raise MGDMError(f'--over {item}: expected NAME=1-10 or NAME=1,2,3.')
        names.append(name)
        values.append(found)
    if (count := math.prod(sum(map(len, found)) for found in values)) > _MOST_TESTS:
        raise MGDMError(f'--over {" ".join(over)}: {count} tests; expected {_MOST_TESTS} or fewer.')
    for chosen in itertools.product(*(itertools.chain(*found) for found in values)):
        yield dict(zip(names, map(str, chosen), strict=True))


def _prepare(
    args: argparse.Namespace, config: str, checkpoint: str | None, variables: dict[str, str]
) -> 'ParsedConfig':
    """Read the config under environment variables, and check what it names."""
    from ..apis.runner import check_data
    from ..apis.test import prepare_config

    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        run = argparse.Namespace(**{**vars(args), 'config': config, 'checkpoint': checkpoint})
        cfg = prepare_config(run)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    _check_variables(cfg, variables)
    check_data(cfg, 'test')
    return cfg


def _check_variables(cfg: 'ParsedConfig', variables: dict[str, str]) -> None:
    """A variable that nothing reads would give one test several times."""
    for name in variables:
        # The text of a config holds those of its bases, as they are in the files.
        if not re.search(rf'\{{\{{\s*\${re.escape(name)}\b', cfg.config.text):
            raise MGDMError(
                f'--over {name}: {cfg.path} does not read this variable, so that every test would '
                'be the same.'
            )


def _out(path: str | None) -> Path | None:
    if path is None:
        return None
    if not path.endswith('.json'):
        raise MGDMError(f'--out {path}: the name should end in .json')
    # Before the tests, which may take hours.
    return check_output(path, overwrite=True)


def _write(out: Path | None, reports: list['Report'], summary: dict | None) -> bool:
    """Write the files on rank 0; return whether this is rank 0."""
    from ..engine import process_rank
    from ..evaluation.report import dump_reports

    if process_rank():
        return False
    if out is not None:
        out.write_text(dump_reports(reports, summary), 'utf-8')
        out.with_suffix('.md').write_text(_table(reports, summary) + '\n', 'utf-8')
    return True


def _table(reports: list['Report'], summary: dict | None) -> str:
    from ..evaluation.combine import summary_table
    from ..evaluation.report import markdown_table

    if summary is None:
        return markdown_table([report.to_row() for report in reports])
    return summary_table(reports, summary)


def _texts(reports: list['Report'], summary: dict | None) -> Iterator[str]:
    from ..evaluation.combine import summary_text

    yield from (report.to_text() for report in reports)
    if summary is not None:
        yield summary_text(reports, summary)
    yield _table(reports, summary)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'evaluate.py',
        description='Test, and report accuracies with the protocol that they were measured under.',
    )
    parser.add_argument('config', nargs='?', help='config file')
    parser.add_argument(
        'checkpoint', nargs='?', help="checkpoint file; without one the model's initial weights"
    )
    parser.add_argument('--configs', nargs='+', metavar='CONFIG', help='several configs')
    parser.add_argument(
        '--checkpoints', nargs='+', metavar='CHECKPOINT', help='of --configs: one for all or each'
    )
    parser.add_argument(
        '--over',
        nargs='+',
        default=[],
        metavar='NAME=VALUES',
        help='test once for every value of an environment variable that the config reads, such as '
        'MGDM_DRAW=1-10; {MGDM_DRAW} in the name of the checkpoint stands for the value',
    )
    parser.add_argument('--combine', nargs='+', metavar='REPORT.json', help='reports to combine')
    parser.add_argument(
        '--out', metavar='REPORT.json', help='write the report there; .md beside it'
    )
    add_runner_arguments(parser)
    parser.set_defaults(dump=None)
    return parser.parse_args(argv)
