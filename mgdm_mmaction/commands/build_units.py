"""The command line that collects semantic units, and shows those of a file."""

import argparse
from collections.abc import Sequence

from ..errors import MGDMError, check_output
from .common import add_output, print_names

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Build a file of units, or show one, and write its page; see ``--help``."""
    args = _parse(argv)
    for option, path in (('--out', args.out), ('--html', args.html)):
        if path is not None:
            check_output(path, args.overwrite, option)
    from ..units import packaged_units, read_units, write_units

    if args.show:
        file = read_units(args.source)
        classes = sorted(file.by_action())
    else:
        file, classes = _build(args)
        if args.out is not None:
            write_units(file, args.out)
    text = describe(file, classes)
    print_names(text)
    if args.out is not None:
        print(f'{args.out}: {len(file.units)} units. Set model.units.file to it.')
    elif not args.show:
        print(f'Nothing was written: add --out. Packaged are {", ".join(packaged_units())}.')
    if args.html is not None:
        from ..visualization.pages import write_page
        from ..visualization.units_page import build_units_page

        size = write_page(build_units_page(file, classes, args.source, text), args.html)
        print(f'{args.html}: {size / 1e3:.0f} kB')


def _build(args: argparse.Namespace):
    import functools

    from ..text.phrases import extract_phrases
    from ..units import builder, read_units

    if args.random is not None:
        file = builder.random_units(read_units(args.source), args.random)
        return file, []
    sentences = builder.read_sentences(args.source)
    extract = functools.partial(extract_phrases, tagger=args.tagger)
    file = builder.build_units(sentences, args.name or args.source, args.max_share, extract)
    if args.clip is not None:
        file, dropped = builder.drop_near_duplicates(file, *args.clip, args.threshold)
        for unit, like in dropped:
            print_names(f'dropped {unit.name!r}: reads like {like.name!r}')
    else:
        print('Units that read alike are kept: --clip ARCH WEIGHTS drops them.')
    return file, list(sentences)


def describe(file, classes: Sequence[str]) -> str:
    """Count units, by kind and class, and name the classes without any."""
    from statistics import mean

    from ..report import list_names

    by_action = file.by_action()
    kinds = ', '.join(f'{count} {kind}' for kind, count in file.counts().items())
    lines = [f'{len(file.units)} units: {kinds}']
    if classes:
        counts = [len(by_action.get(name, ())) for name in classes]
        without = [name for name, count in zip(classes, counts, strict=True) if not count]
        lines.append(
            f'{len(classes)} classes with {min(counts)} to {max(counts)} units each, '
            f'{mean(counts):.1f} on average'
        )
        if without:
            lines.append(f'{len(without)} classes have none: {list_names(without)}')
    return '\n'.join(lines)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Collect the semantic units of a set of actions: body parts, and the nouns and '
        '-ing verbs of class names and of sentences about the classes.'
    )
    parser.add_argument(
        'source', help='class names (k400, hmdb51, ucf101, or a file with one a line), or class -> '
        'sentences: a csv file with the columns class,sentence, or a JSON object',
    )  # fmt: skip
    parser.add_argument(
        '--show', action='store_true', help='the source is a file of units, or a packaged one: '
        'count what it holds',
    )  # fmt: skip
    add_output(parser, 'file of units to write', metavar='FILE')
    parser.add_argument('--html', metavar='PAGE', help='write a page that shows the units')
    parser.add_argument('--name', help='of the data set, in the file. Default: the source')
    parser.add_argument(
        '--max-share', type=float, default=0.3, metavar='SHARE',
        help='leave out units of more than this share of the classes. Default: 0.3',
    )  # fmt: skip
    parser.add_argument(
        '--tagger', default='textblob', help='textblob, or an installed model of spaCy'
    )
    parser.add_argument(
        '--clip', nargs=2, metavar=('ARCH', 'WEIGHTS'), help='also leave out units that read alike '
        'to the text tower of CLIP',
    )  # fmt: skip
    parser.add_argument(
        '--threshold', type=float, default=0.95, help='... by this cosine. Default: 0.95'
    )
    parser.add_argument(
        '--random', type=int, metavar='SEED', help='the source is a file of units: draw as many '
        'random words, to see whether the units matter',
    )  # fmt: skip
    args = parser.parse_args(argv)
    if not 0 < args.max_share <= 1:
        raise MGDMError(f'--max-share {args.max_share}: should be above 0 and at most 1.')
    if args.show and (args.out or args.random is not None):
        raise MGDMError('--show writes no units: leave out --out and --random.')
    return args
