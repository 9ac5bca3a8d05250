"""The command line that sets models side by side."""

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError, check_output
from .common import add_cfg_options, print_names

__all__ = ['main']

_FILES = ('index.html', 'comparison.csv', 'comparison.md')


def main(argv: Sequence[str] | None = None) -> None:
    """Train, test and compare, see ``tools/compare.py --help``."""
    args = _parse(argv)
    out = Path(args.out)
    for file in _FILES:
        check_output(out / file, overwrite=True)
    from ..errors import write_whole
    from ..evaluation.compare_runs import Runs, read_entries
    from ..evaluation.comparison import Comparison, divide
    from ..visualization.comparison_page import build_comparison_page, describe_comparison
    from ..visualization.pages import write_page

    entries, settings = read_entries(args.runs, args.dumps)
    names = args.only or [name for name in entries if not name.startswith('.')]
    if not names:
        raise MGDMError('nothing to compare: name configs, a YAML file of them, or --dumps.')
    for name in names:
        if name not in entries:
            shown = [entry for entry in entries if not entry.startswith('.')]
            close = difflib.get_close_matches(name, shown, 1)
            known = ', '.join(map(repr, shown))
            hint = f'did you mean {close[0]!r}?' if close else f'there are {known}.'
            raise MGDMError(f'--only {name!r}: is unknown; {hint}')
    runs = Runs(entries, args.seeds, out, args.cfg_options)
    classes = runs.check(names)
    if classes is not None:
        divide(classes, **settings)
    runs.run(names, args.jobs)
    dumps = runs.read(names, classes)
    if classes is None:
        number = next(iter(dumps[names[0]].values())).scores.shape[1]
        classes = [f'class {label}' for label in range(number)]
    comparison = Comparison(dumps, classes, **settings)
    costs = runs.costs(names)
    text = describe_comparison(comparison, costs)
    with write_whole(out / 'comparison.csv') as part:
        comparison.table(costs).to_csv(part, index=False, float_format='%.6g')
    with write_whole(out / 'comparison.md') as part:
        part.write_text(text + '\n', 'utf-8')
    write_page(build_comparison_page(comparison, costs), out / 'index.html')
    print_names(f'{text}\n\n{out}: {", ".join(_FILES)}')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'compare.py',
        description='Train and test models with several seeds, as far as it is not done yet, and '
        'set them side by side: accuracy, calibration, cost, and which differences are noise. '
        'Writes a page that opens offline and tables.',
    )
    parser.add_argument(
        'runs',
        nargs='*',
        metavar='CONFIG',
        help='a config (.py), or a list of configs with options (.yml, see docs/compare.md)',
    )
    parser.add_argument('--only', nargs='+', metavar='NAME', help='these entries, in this order')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2], help='Default: 0 1 2')
    parser.add_argument(
        '--out', default='work_dirs/compare', metavar='DIR', help='folder of runs and results'
    )
    parser.add_argument(
        '--dumps',
        nargs='+',
        default=[],
        metavar='NAME=FILE.pkl',
        help='scores that are there, of tools/test.py --dump; {seed} stands for each seed',
    )
    parser.add_argument(
        '--jobs', type=int, default=1, metavar='N', help='runs at the same time. Default: 1'
    )
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if args.jobs < 1 or len(set(args.seeds)) < len(args.seeds):
        raise MGDMError('--jobs should be at least 1, and each of --seeds another one.')
    return args
