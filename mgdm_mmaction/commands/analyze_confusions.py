"""The command line that compares the confusions of two test runs."""

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mmengine.config import Config, DictAction

from ..apis.checks import class_names
from ..apis.common import load_config, merge_options
from ..apis.listed_videos import read_test_list
from ..errors import MGDMError
from ..evaluation.confusions.comparison import RunComparison
from ..evaluation.confusions.mined import MinedRanks, mined_ranks
from ..evaluation.confusions.text import class_table, describe_runs, pair_table
from ..mining.dumps import Dump, read_dump
from ..negatives import read_negatives, video_path
from ..negatives.format import path_key
from ..visualization.confusions_figures import Example, PairExamples, draw_changes, draw_examples
from ..visualization.confusions_page import build_confusions_page
from ..visualization.figures import figure_style, save_figure
from ..visualization.negatives.frames import thumbnail
from ..visualization.negatives.page import write_page
from .common import print_names

__all__ = ['main']

_FILES = ('index.html', 'changes.png', 'examples.png', 'pairs.csv', 'classes.csv')
_KINDS = {'improved': 'gone', 'worsened': 'new', 'worst': 'after'}
# Rows of the picture of examples: a page of a paper.
_ROWS = 5


def main(argv: Sequence[str] | None = None) -> None:
    """Compare two dumps, see ``tools/analyze_confusions.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process. Defaults to
            None.

    Raises:
        MGDMError: If a file or an argument is missing or wrong, or the dumps do not belong
            together.
    """
    args = _parse(argv)
    out = _out(args)
    cfg = load_config(args)
    merge_options(cfg, args)
    classes = class_names(cfg)
    if classes is None:
        raise MGDMError(f'{args.config}: model.cls_head.classes names no classes; use an MGDM one.')
    dumps = [read_dump(path, len(classes)) for path in (args.baseline, args.other)]
    infos = read_test_list(cfg, args.config)
    _check(args, dumps, infos)
    mined = None
    if args.negatives:
        mined = mined_ranks(read_negatives(args.negatives), classes)
    runs = RunComparison(*dumps)
    print_names(describe_runs(runs, classes, mined))
    _write(args, out, cfg, infos, runs, classes, mined)


def _write(
    args: argparse.Namespace,
    out: Path,
    cfg: Config,
    infos: list[dict],
    runs: RunComparison,
    classes: list[str],
    mined: MinedRanks | None,
) -> None:
    names = _names(args.baseline, args.other)
    lists, note = _examples(args, infos, runs)
    page = build_confusions_page(runs, classes, names, lists, note, mined)
    with figure_style([*classes, *names], args.font) as warning:
        save_figure(draw_changes(runs, classes, names, args.number), out / 'changes.png', args.dpi)
        rows = [row for row in lists['worst'] if row.examples][:_ROWS]
        if rows:
            save_figure(draw_examples(rows, classes), out / 'examples.png', args.dpi)
    for name, text in (
        ('pairs.csv', pair_table(runs, classes, mined)),
        ('classes.csv', class_table(runs, classes)),
    ):
        (out / name).write_text(text, 'utf-8')
    size = write_page(page, out / 'index.html')
    if warning:
        print(f'warning: {warning}', file=sys.stderr)
    written = [name for name in _FILES if (out / name).exists()]
    print_names(f'\n{out}: {", ".join(written)} ({size / 1e6:.1f} MB of page). {note}')


def _examples(
    args: argparse.Namespace, infos: list[dict], runs: RunComparison
) -> tuple[dict[str, list[PairExamples]], str]:
    """Choose videos of the pairs that the page shows, and get their pictures."""
    pairs = {
        name: [(p, runs.examples(p, args.examples, kind)) for p in getattr(runs, name)(args.number)]
        for name, kind in _KINDS.items()
    }
    rows = sorted({row for found in pairs.values() for _, some in found for row in some})
    paths = [Path(video_path(infos[row])) for row in rows]
    with ThreadPoolExecutor(4) as pool:
        images = dict(zip(rows, pool.map(thumbnail, paths), strict=True))
    bad = sum(image.uri is None for image in images.values())
    note = ''
    if bad:
        row = next(row for row, image in images.items() if image.uri is None)
        note = (
            f'{bad} of {len(rows)} example videos could not be read and are grey, such as '
            f'{video_path(infos[row])}: {images[row].problem}.'
        )
    root = os.path.commonpath([str(path.parent) for path in paths]) if len(paths) > 1 else ''
    lists = {
        name: [
            PairExamples(pair, [_example(row, infos, runs, images[row], root) for row in some])
            for pair, some in found
        ]
        for name, found in pairs.items()
    }
    return lists, note


def _example(row: int, infos: list[dict], runs: RunComparison, image, root: str) -> Example:
    path = video_path(infos[row])
    guesses = tuple(int(guess[row]) for guess in runs.guesses)
    scores = tuple(
        float(score[row, guess]) for score, guess in zip(runs.scores, guesses, strict=True)
    )
    shown = os.path.relpath(path, root) if root else path
    return Example(shown, int(runs.labels[row]), guesses, scores, image)


def _check(args: argparse.Namespace, dumps: list[Dump], infos: list[dict]) -> None:
    """Refuse dumps that are not tests of one list, the one of the config."""
    what = f'the test list of {args.config}'
    first, second = dumps
    _equal(args.baseline, first.labels, first.paths, args.other, second.labels, second.paths)
    labels = [info['label'] for info in infos]
    paths = [video_path(info) for info in infos]
    for name, dump in ((args.baseline, first), (args.other, second)):
        _equal(name, dump.labels, dump.paths, what, labels, paths)


def _equal(a: str, a_labels, a_paths, b: str, b_labels, b_paths) -> None:
    again = 'Test both models with the same config, list and order (tools/test.py --dump).'
    if len(a_labels) != len(b_labels):
        raise MGDMError(f'{a} has {len(a_labels)} videos, {b} has {len(b_labels)}. {again}')
    for at, (one, other) in enumerate(zip(a_labels, b_labels, strict=True)):
        if one != other:
            raise MGDMError(
                f'video {at} has label {one} in {a}, but {other} in {b}: these are different '
                f'lists, or different orders of one. {again}'
            )
    for at, (one, other) in enumerate(zip(a_paths or (), b_paths or (), strict=False)):
        # The same list may have been tested below another folder.
        left, right = (path_key(path).split('/')[-2:] for path in (one, other))
        if left != right:
            raise MGDMError(
                f'video {at} is {one} in {a}, but {other} in {b}: these are different lists, or '
                f'different orders of one. {again}'
            )


def _names(baseline: str, other: str) -> tuple[str, str]:
    """Name the runs as shortly as they differ."""
    one, two = (list(Path(path).with_suffix('').parts) for path in (baseline, other))
    while len(one) > 1 and len(two) > 1 and one[0] == two[0]:
        one, two = one[1:], two[1:]
    return '/'.join(one), '/'.join(two)


def _out(args: argparse.Namespace) -> Path:
    out = Path(args.out)
    if out.exists() and not out.is_dir():
        raise MGDMError(f'--out {out}: is a file; name a folder.')
    there = [name for name in _FILES if (out / name).exists()]
    if there and not args.overwrite:
        raise MGDMError(
            f'--out {out}: has {", ".join(there)} already; add --overwrite to replace '
            f'{"it" if len(there) == 1 else "them"}, or choose another folder.'
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MGDMError(
            f'--out {out}: cannot be made ({error.strerror}); choose another place.'
        ) from None
    for name in there:
        (out / name).unlink()
    return out


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'analyze_confusions.py',
        description='Compare what two test runs on the same list mix up: which pairs of classes '
        'one of them fixed or broke. Writes pictures, tables and a page that opens offline.',
    )
    parser.add_argument('baseline', help='dump of the baseline: tools/test.py ... --dump FILE.pkl')
    parser.add_argument('other', help='dump of the other run')
    parser.add_argument('--config', required=True, help='config whose test list both are of')
    parser.add_argument('--out', required=True, metavar='DIR', help='folder for the results')
    parser.add_argument('--overwrite', action='store_true', help='replace results that are there')
    parser.add_argument(
        '--negatives', metavar='FILE', help='negatives file: say which mistakes were mined'
    )
    parser.add_argument(
        '--number', type=int, default=10, metavar='N', help='pairs of each kind. Default: 10'
    )
    parser.add_argument(
        '--examples', type=int, default=4, metavar='N', help='videos of a pair. Default: 4'
    )
    parser.add_argument('--dpi', type=int, default=120, help='pixels an inch. Default: 120')
    parser.add_argument('--font', metavar='FILE', help='font file for the labels')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='change the config'
    )
    parser.set_defaults(launcher='none', local_rank=0, work_dir=None)
    args = parser.parse_args(argv)
    if not 1 <= args.number <= 100 or not 0 <= args.examples <= 12:
        raise MGDMError('--number should be 1 to 100, --examples 0 to 12.')
    if not 20 <= args.dpi <= 1000:
        raise MGDMError(f'--dpi {args.dpi}: expected 20 to 1000.')
    return args
