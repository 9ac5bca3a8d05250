"""The command line that compares the confusions of two test runs."""

import argparse
import itertools
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import MGDMError
from .common import add_cfg_options, print_names

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
    from ..apis.listed_videos import read_test_list
    from ..config import read_config
    from ..evaluation.confusions import RunComparison, describe_runs, mined_ranks
    from ..mining.dumps import read_dump
    from ..negatives import read_negatives

    cfg = read_config(args.config, args.cfg_options)
    classes = cfg.classes
    if classes is None:
        raise MGDMError(
            f'{args.config}: model.cls_head.classes names no classes; use another config.'
        )
    dumps = [read_dump(path, len(classes)) for path in (args.baseline, args.other)]
    infos = read_test_list(cfg)
    _check(args, dumps, infos)
    mined = mined_ranks(read_negatives(args.negatives), classes) if args.negatives else None
    runs = RunComparison(*dumps, classes, mined)
    print_names(describe_runs(runs))
    _write(args, out, infos, runs)


def _write(args: argparse.Namespace, out: Path, infos: list[dict], runs) -> None:
    from ..visualization.confusions_figures import draw_changes, draw_examples
    from ..visualization.confusions_page import build_confusions_page
    from ..visualization.figures import figure_style, save_figure
    from ..visualization.pages import write_page

    names = _names(args.baseline, args.other)
    lists, note = _examples(args, infos, runs)
    with figure_style([*runs.class_names, *names], args.font) as warning:
        save_figure(draw_changes(runs, names, args.number), out / 'changes.png', args.dpi)
        # One of an earlier comparison does not belong to this one.
        (out / 'examples.png').unlink(missing_ok=True)
        if rows := [row for row in lists['worst'] if row.examples][:_ROWS]:
            save_figure(draw_examples(rows), out / 'examples.png', args.dpi)
    runs.pairs.drop(columns=['first', 'second']).to_csv(out / 'pairs.csv', index=False)
    runs.classes.drop(columns='label').to_csv(out / 'classes.csv', index=False, float_format='%.4f')
    size = write_page(build_confusions_page(runs, names, lists, note), out / 'index.html')
    if warning:
        print(f'warning: {warning}', file=sys.stderr)
    written = [name for name in _FILES if (out / name).exists()]
    print_names(f'\n{out}: {", ".join(written)} ({size / 1e6:.1f} MB of page). {note}')


def _examples(args: argparse.Namespace, infos: list[dict], runs) -> tuple[dict, str]:
    """Choose videos of the pairs that the page shows, and get their pictures."""
    from ..negatives import video_path
    from ..visualization.confusions_figures import Example, Guess, PairExamples
    from ..visualization.middle_frames import thumbnail

    pairs = {name: getattr(runs, name)(args.number).to_dict('records') for name in _KINDS}
    chosen = {
        name: [runs.examples((p['first'], p['second']), args.examples, kind) for p in pairs[name]]
        for name, kind in _KINDS.items()
    }
    rows = sorted({row for found in chosen.values() for some in found for row in some})
    paths = {row: video_path(infos[row]) for row in rows}
    with ThreadPoolExecutor(4) as pool:
        images = dict(zip(rows, pool.map(thumbnail, map(Path, paths.values())), strict=True))
    bad = [row for row in rows if images[row].uri is None]
    note = ''
    if bad:
        note = (
            f'{len(bad)} of {len(rows)} example videos could not be read and are grey, such as '
            f'{paths[bad[0]]}: {images[bad[0]].problem}.'
        )
    root = os.path.commonpath([os.path.dirname(path) for path in paths.values()]) if rows else ''

    def example(row: int) -> Example:
        label, guesses = runs.labels[row], [guess[row] for guess in runs.guesses]
        return Example(
            path=os.path.relpath(paths[row], root or None),
            label=runs.class_names[label],
            guesses=tuple(
                Guess(runs.class_names[guess], float(scores[row, guess]), bool(guess == label))
                for guess, scores in zip(guesses, runs.scores, strict=True)
            ),
            image=images[row],
        )

    lists = {
        name: [
            PairExamples(pair, [example(row) for row in some])
            for pair, some in zip(pairs[name], chosen[name], strict=True)
        ]
        for name in _KINDS
    }
    return lists, note


def _check(args: argparse.Namespace, dumps: Sequence, infos: list[dict]) -> None:
    """Refuse dumps that are not tests of one list, the one of the config."""
    from ..negatives import video_path

    runs = [(args.baseline, dumps[0]), (args.other, dumps[1])]
    runs = [(name, [int(label) for label in run.labels], run.paths) for name, run in runs]
    labels, paths = [info['label'] for info in infos], [video_path(info) for info in infos]
    listed = (f'the test list of {args.config}', labels, paths)
    for one, other in itertools.combinations([*runs, listed], 2):
        _equal(*one, *other)


def _equal(a: str, a_labels, a_paths, b: str, b_labels, b_paths) -> None:
    from ..negatives.format import path_key

    again = 'Test both models with the same config, list and order (tools/test.py --dump).'
    if len(a_labels) != len(b_labels):
        raise MGDMError(f'{a} has {len(a_labels)} videos, {b} has {len(b_labels)}. {again}')
    found = [
        (f'label {one}', f'{two}', one == two) for one, two in zip(a_labels, b_labels, strict=True)
    ]
    # The same list may have been tested below another folder.
    found += [
        (one, two, path_key(one).split('/')[-2:] == path_key(two).split('/')[-2:])
        for one, two in zip(a_paths or (), b_paths or (), strict=False)
    ]
    for at, (one, two, equal) in enumerate(found):
        if not equal:
            raise MGDMError(
                f'video {at % len(a_labels)} has {one} in {a}, but {two} in {b}: these are '
                f'different lists, or different orders of one. {again}'
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
        '--negatives', metavar='FILE', help='negatives file: show which mistakes were mined'
    )
    parser.add_argument(
        '--number', type=int, default=10, metavar='N', help='pairs of each kind. Default: 10'
    )
    parser.add_argument(
        '--examples', type=int, default=4, metavar='N', help='videos of a pair. Default: 4'
    )
    parser.add_argument('--dpi', type=int, default=120, help='pixels an inch. Default: 120')
    parser.add_argument('--font', metavar='FILE', help='font file for the labels')
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if not 1 <= args.number <= 100 or not 0 <= args.examples <= 12:
        raise MGDMError('--number should be 1 to 100, --examples 0 to 12.')
    if not 20 <= args.dpi <= 1000:
        raise MGDMError(f'--dpi {args.dpi}: expected 20 to 1000.')
    return args
