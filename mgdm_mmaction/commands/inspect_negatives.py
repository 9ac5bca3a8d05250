"""The command line of the inspection."""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError, check_output
from .common import add_output, print_names

__all__ = ['main']

# A page beyond this opens slowly; the command reports what makes it smaller.
_LARGE = 20e6
_ROOT = 'Give the folder that the paths of the negatives start from, the data_prefix of the config.'


def main(argv: Sequence[str] | None = None) -> None:
    """Describe a negatives file, compare two, and write the page; see ``--help``."""
    args = _parse(argv)
    paths = args.compare or [args.file]
    if args.html:
        _check_page(args.html, paths, args.overwrite)
    from ..negatives import read_negatives
    from ..negatives.inspection import (
        compare_negatives,
        count_file,
        describe_comparison,
        describe_file,
        list_coverage,
    )

    *before, file = map(read_negatives, paths)
    counts = count_file(file, args.depth) if args.html or not before else None
    if before:
        text = describe_comparison(compare_negatives(*before, file, args.depth))
    else:
        options = (args.delimiter, args.rawframes, args.with_offset)
        text = describe_file(
            file, counts, list_coverage(file, args.list, *options) if args.list else None
        )
    print_names(text)
    if args.html:
        _write(args, file, counts, text)


def _write(args: argparse.Namespace, file, counts, text: str) -> None:
    from ..negatives.inspection.statistics import sample_videos
    from ..visualization.middle_frames import thumbnails
    from ..visualization.negatives_page import build_page
    from ..visualization.pages import write_page

    start = time.perf_counter()
    chosen = sample_videos(file, args.per_class)
    number = sum(map(len, chosen))
    note = f'{number} of the {len(file)} videos are shown: up to {args.per_class} of a class'
    note += ', drawn at random.' if number < len(file) else '.'
    images = None
    if args.videos is not None:
        paths = [Path(args.videos, file.path_of(row)) for rows in chosen for row in rows]
        found = thumbnails(paths)
        bad = sum(item.uri is None for item in found)
        if bad and bad == len(found):
            raise MGDMError(
                f'--videos {args.videos}: none of the {bad} videos drawn could be read; the first '
                f'is {str(paths[0])!r}: {found[0].problem}. {_ROOT}'
            )
        if bad:
            note += f' {bad} of them could not be read and are grey.'
        left = iter(found)
        images = [[next(left) for _ in rows] for rows in chosen]
    size = write_page(build_page(file, counts, chosen, images, text, note), args.html)
    seconds = time.perf_counter() - start
    print(f'\n{args.html}: {size / 1e6:.1f} MB, made in {seconds:.1f} s. {note}')
    if size > _LARGE:
        print(f'That is large for a browser: fewer --per-class (now {args.per_class}) is smaller.')


def _check_page(out: str, inputs: Sequence[str], overwrite: bool) -> None:
    if os.path.exists(out) and any(os.path.exists(x) and os.path.samefile(out, x) for x in inputs):
        raise MGDMError(f'--html {out}: is the negatives file itself; name another file.')
    check_output(out, overwrite, '--html')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Look at a negatives file: how much it covers, which classes are taken for '
        'each other, how much the videos of a class differ.'
    )
    parser.add_argument('file', nargs='?', help='negatives file')
    parser.add_argument(
        '--compare', nargs=2, metavar=('A', 'B'), help='what changed from one file to another'
    )
    parser.add_argument(
        '--depth',
        type=int,
        help='hardest negatives of a video that count. Default: 7, which the configs train with, '
        'or all if there are fewer',
    )
    lists = parser.add_argument_group('coverage of annotation lists')
    lists.add_argument('--list', nargs='+', metavar='ANN', help='annotation list(s) to look up')
    lists.add_argument('--delimiter', default=' ', help='between path and label. Default: a space')
    lists.add_argument('--rawframes', action='store_true', help='the lists are of raw frames')
    lists.add_argument('--with-offset', action='store_true', help='... and have offsets')
    page = parser.add_argument_group('the page')
    add_output(page, 'write one page that opens without a network', '--html', metavar='OUT')
    page.add_argument(
        '--videos', metavar='ROOT', help='data prefix of the videos, for their middle frames'
    )
    page.add_argument(
        '--per-class', type=int, default=6, metavar='N', help='videos shown of a class. Default: 6'
    )
    args = parser.parse_args(argv)
    if (args.file is None) == (args.compare is None):
        raise MGDMError(
            'give one FILE, or --compare BEFORE.jsonl AFTER.jsonl; try: python '
            'tools/inspect_negatives.py NEGATIVES.jsonl'
        )
    if args.compare and args.list:
        raise MGDMError('--list belongs to one FILE, not to --compare; run them one by one.')
    if (args.videos or args.overwrite) and not args.html:
        option = '--videos' if args.videos else '--overwrite'
        raise MGDMError(f'{option}: is about the page; add --html OUT.')
    if args.per_class < 1:
        raise MGDMError(f'--per-class {args.per_class}: should be at least 1.')
    if not args.delimiter:
        raise MGDMError('--delimiter: is empty; give the text between path and label.')
    if args.with_offset and not args.rawframes:
        raise MGDMError('--with-offset: only lists of raw frames have offsets; add --rawframes.')
    if args.videos and not os.path.isdir(args.videos):
        raise MGDMError(f'--videos {args.videos}: no such folder. {_ROOT}')
    return args
