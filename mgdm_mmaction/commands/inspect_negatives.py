"""The command line of the inspection."""

import argparse
import time
from collections.abc import Sequence

from ..errors import MGDMError
from ..negatives import NegativesFile, read_negatives
from ..negatives.inspection.comparison import compare_negatives
from ..negatives.inspection.comparison_text import describe_comparison
from ..negatives.inspection.coverage import list_coverage
from ..negatives.inspection.sampling import sample_videos
from ..negatives.inspection.statistics import FileStatistics, count_file
from ..negatives.inspection.summary import describe_file
from ..visualization.negatives.frames import thumbnails
from ..visualization.negatives.page import build_page, check_page_path, write_page
from .common import print_names

__all__ = ['main']

# A page beyond this opens slowly; we say what makes it smaller.
_LARGE = 20e6


def main(argv: Sequence[str] | None = None) -> None:
    """Describe a negatives file, compare two, and write the page.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process. Defaults to
            None.

    Raises:
        MGDMError: If a file is no negatives file, an argument does not fit, or the page exists.
    """
    args = _parse(argv)
    _check(args)
    paths = args.compare or [args.file]
    if args.html:
        check_page_path(args.html, paths, args.overwrite)
    if args.compare:
        a, file = (read_negatives(path) for path in paths)
        text = describe_comparison(compare_negatives(a, file, args.depth))
        if args.html is None:
            print_names(text)
            return
        counts = count_file(file, args.depth, args.seed)
    else:
        file = read_negatives(args.file)
        counts = count_file(file, args.depth, args.seed)
        coverage = None
        if args.list:
            options = (args.delimiter, args.rawframes, args.with_offset)
            coverage = list_coverage(file, args.list, *options)
        text = describe_file(file, counts, coverage)
    print_names(text)
    if args.html:
        _write(args, file, counts, text)


def _write(
    args: argparse.Namespace, file: NegativesFile, counts: FileStatistics, text: str
) -> None:
    start = time.perf_counter()
    chosen = sample_videos(file, args.per_class, args.seed)
    number = sum(map(len, chosen))
    note = f'{number} of the {len(file)} videos are shown: up to {args.per_class} of a class'
    note += f', drawn at random with seed {args.seed}.' if number < len(file) else '.'
    images = None
    if args.videos is not None:
        paths = [file.path_of(row) for rows in chosen for row in rows]
        found = iter(thumbnails(args.videos, paths, args.num_workers))
        images = [[next(found) for _ in rows] for rows in chosen]
        bad = [item for row in images for item in row if item.uri is None]
        if bad:
            note += f' {len(bad)} of them could not be read and are grey.'
    size = write_page(build_page(file, counts, chosen, images, text, note), args.html)
    seconds = time.perf_counter() - start
    print(f'\n{args.html}: {size / 1e6:.1f} MB, made in {seconds:.1f} s. {note}')
    if size > _LARGE:
        print(f'That is large for a browser: fewer --per-class (now {args.per_class}) is smaller.')


def _check(args: argparse.Namespace) -> None:
    if args.compare is None and args.file is None:
        raise MGDMError(
            'no FILE given; try: python tools/inspect_negatives.py NEGATIVES.jsonl, or '
            '--compare BEFORE.jsonl AFTER.jsonl'
        )
    if args.compare is not None and args.file is not None:
        raise MGDMError(f'{args.file} and --compare {" ".join(args.compare)}: give one of the two.')
    if args.compare is not None and args.list:
        raise MGDMError('--list belongs to one FILE, not to --compare; run them one by one.')
    if not args.html:
        given = [
            name
            for name, there in (('--videos', args.videos), ('--overwrite', args.overwrite))
            if there
        ]
        if given:
            raise MGDMError(f'{" and ".join(given)}: is about the page; add --html OUT.')
    if args.per_class < 1 or args.num_workers < 1:
        raise MGDMError('--per-class and --num-workers should be at least 1.')
    if not args.delimiter:
        raise MGDMError('--delimiter: is empty; give the text between path and label.')
    if args.seed < 0:
        raise MGDMError(f'--seed {args.seed}: expected 0 or more.')
    if args.with_offset and not args.rawframes:
        raise MGDMError('--with-offset: only lists of raw frames have offsets; add --rawframes.')


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
    parser.add_argument('--seed', type=int, default=0, help='of all random choices. Default: 0')
    lists = parser.add_argument_group('coverage of annotation lists')
    lists.add_argument('--list', nargs='+', metavar='ANN', help='annotation list(s) to look up')
    lists.add_argument('--delimiter', default=' ', help='between path and label. Default: a space')
    lists.add_argument('--rawframes', action='store_true', help='the lists are of raw frames')
    lists.add_argument('--with-offset', action='store_true', help='... and have offsets')
    page = parser.add_argument_group('the page')
    page.add_argument('--html', metavar='OUT', help='write one page that opens without a network')
    page.add_argument(
        '--videos', metavar='ROOT', help='data prefix of the videos, for their middle frames'
    )
    page.add_argument(
        '--per-class', type=int, default=6, metavar='N', help='videos shown of a class. Default: 6'
    )
    page.add_argument(
        '--num-workers', type=int, default=4, metavar='N', help='threads that decode. Default: 4'
    )
    page.add_argument('--overwrite', action='store_true', help='replace OUT if it exists')
    return parser.parse_args(argv)
