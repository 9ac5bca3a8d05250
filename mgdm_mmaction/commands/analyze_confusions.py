"""The command line that compares the confusions of two test runs."""

import argparse
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError, check_output
from .common import add_cfg_options, add_figure_options, check_figure_options, print_names

__all__ = ['main']

_FILES = ('index.html', 'changes.png', 'pairs.csv', 'classes.csv')


def main(argv: Sequence[str] | None = None) -> None:
    """Compare two dumps, see ``tools/analyze_confusions.py --help``."""
    args = _parse(argv)
    out = Path(args.out)
    for file in _FILES:
        check_output(out / file, args.overwrite)
    import numpy as np

    from ..apis.listed_videos import read_test_list
    from ..config import read_config
    from ..evaluation.confusions import RunComparison, describe_runs, mined_ranks
    from ..mining.dumps import Dump, check_same_videos, read_dump
    from ..negatives import read_negatives, video_path

    cfg = read_config(args.config, args.cfg_options)
    classes = cfg.classes
    if classes is None:
        raise MGDMError(
            f'{args.config}: model.cls_head.classes names no classes; use another config.'
        )
    dumps = [read_dump(path, len(classes)) for path in (args.baseline, args.other)]
    infos = read_test_list(cfg)
    paths = [video_path(info) for info in infos]
    listed = Dump(np.empty(0), np.array([info['label'] for info in infos]), paths)
    lists = [
        (args.baseline, dumps[0]),
        (args.other, dumps[1]),
        (f'the test list of {args.config}', listed),
    ]
    for one, other in itertools.combinations(lists, 2):
        check_same_videos(*one, *other)
    mined = mined_ranks(read_negatives(args.negatives), classes) if args.negatives else None
    runs = RunComparison(*dumps, classes, mined)
    print_names(describe_runs(runs))
    _write(args, out, paths, runs)


def _write(args: argparse.Namespace, out: Path, paths: list[str], runs) -> None:
    from ..visualization.confusions import build_confusions_page, draw_changes, pairs_with_examples
    from ..visualization.figures import figure_style, save_figure
    from ..visualization.pages import write_page

    names = _names(args.baseline, args.other)
    lists, note = pairs_with_examples(runs, paths, args.number, args.examples)
    with figure_style([*runs.class_names, *names], args.font) as warning:
        save_figure(draw_changes(runs, names, args.number), out / 'changes.png', args.dpi)
    runs.pairs.drop(columns=['first', 'second']).to_csv(out / 'pairs.csv', index=False)
    runs.classes.drop(columns='label').to_csv(out / 'classes.csv', index=False, float_format='%.4f')
    size = write_page(build_confusions_page(runs, names, lists, note), out / 'index.html')
    if warning:
        print(f'warning: {warning}', file=sys.stderr)
    print_names(f'\n{out}: {", ".join(_FILES)} ({size / 1e6:.1f} MB of page). {note}')


def _names(baseline: str, other: str) -> tuple[str, str]:
    """Name the runs as shortly as they differ."""
    one, two = (list(Path(path).with_suffix('').parts) for path in (baseline, other))
    while len(one) > 1 and len(two) > 1 and one[0] == two[0]:
        one, two = one[1:], two[1:]
    return '/'.join(one), '/'.join(two)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'analyze_confusions.py',
        description='Compare what two test runs on the same list mix up: which pairs of classes '
        'one of them fixed or broke. Writes a page that opens offline, a figure and tables.',
    )
    parser.add_argument('baseline', help='dump of the baseline: tools/test.py ... --dump FILE.pkl')
    parser.add_argument('other', help='dump of the other run')
    parser.add_argument('--config', required=True, help='config whose test list both are of')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the results')
    parser.add_argument('--overwrite', action='store_true', help='replace results that are there')
    parser.add_argument(
        '--negatives', metavar='FILE', help='negatives file: show which mistakes were mined'
    )
    parser.add_argument(
        '--number', type=int, default=10, metavar='N', help='pairs of each kind. Default: 10'
    )
    parser.add_argument(
        '--examples', type=int, default=4, metavar='N', help='videos of a pair. Default: 4'
    )
    add_figure_options(parser, 120)
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if args.number < 1 or args.examples < 0:
        raise MGDMError('--number should be at least 1, --examples at least 0.')
    check_figure_options(args)
    return args
