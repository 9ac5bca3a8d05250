"""The command line that writes the lists of few-shot, zero-shot and base-to-novel protocols."""

import argparse
import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ..data_prep.clip_list import DELIMITERS
from ..data_prep.protocol_files import ListForm, Output, read_rows
from ..data_prep.protocols import (
    base_and_novel,
    draw_classes,
    few_shot_rows,
    restrict_rows,
    unseen_classes,
)
from ..errors import MGDMError
from ..text.corpus import LabelCorpus, format_label, read_labels

__all__ = ['main']

# Classes of Kinetics-600 that Kinetics-400 does not have, as the literature counts them.
_PUBLISHED_UNSEEN = 220


def main(argv: Sequence[str] | None = None) -> None:
    """Write lists, see ``tools/data/build_protocol.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None (those of the process).

    Raises:
        MGDMError: If a list or a class is missing or wrong, or a file is there with other content.
    """
    args = _parse(argv)
    args.form = ListForm(DELIMITERS.get(args.delimiter, args.delimiter), args.rawframes)
    # Two classes of one name are a mistake here as they are in a model.
    args.names = LabelCorpus(args.classes).classes
    output = Output(Path(args.out), args.form)
    notes = args.build(args, output)
    print('\n'.join([output.write(args.force), *notes]))


def _few_shot(args: argparse.Namespace, output: Output) -> list[str]:
    rows = read_rows(args.lists, len(args.names), args.form)
    prefix = args.name or _stem(args.lists)
    for seed in args.seeds:
        for shots in sorted(set(args.shots)):
            chosen = few_shot_rows(rows, args.names, shots, seed, args.allow_fewer)
            output.add_list(f'{prefix}_{shots}shot_seed{seed}', chosen, len(args.names))
    return [
        'Lists of one seed are nested: the videos of a smaller K are among those of a larger one.',
        'Test on the whole validation list.',
    ]


def _half_classes(args: argparse.Namespace, output: Output) -> list[str]:
    rows = read_rows(args.lists, len(args.names), args.form)
    number = args.number or len(args.names) // 2
    for draw, chosen in enumerate(_draws(args, args.names, number), 1):
        _add(output, f'half_draw{draw}', rows, args.names, chosen)
    return [f'Each draw: {number} of {len(args.names)} classes.']


def _unseen(args: argparse.Namespace, output: Output) -> list[str]:
    rows = read_rows(args.lists, len(args.names), args.form)
    same = read_labels(args.same) if args.same else []
    seen = read_labels(args.seen)
    left = unseen_classes(args.names, seen, same)
    _add(output, 'unseen', rows, args.names, left)
    for draw, chosen in enumerate(_draws(args, left, args.number), 1):
        _add(output, f'unseen{len(chosen)}_draw{draw}', rows, args.names, chosen)
    return [
        f'{len(left)} of {len(args.names)} classes are not among the {len(seen)} of {args.seen}'
        f' (Kinetics-600 without Kinetics-400: {_PUBLISHED_UNSEEN} as the literature counts).',
        *_near_misses(left, seen),
    ]


def _base_to_novel(args: argparse.Namespace, output: Output) -> list[str]:
    train = read_rows([args.train], len(args.names), args.form)
    val = read_rows([args.val], len(args.names), args.form)
    counts = Counter(label for _, label in train)
    notes = []
    if args.base_classes:
        base = read_labels(args.base_classes)
        known = LabelCorpus(args.names)
        ids = {known.index(name) for name in base}
        novel = [name for label, name in enumerate(args.names) if label not in ids]
        if not novel:
            raise MGDMError(
                f'--base-classes {args.base_classes}: names every class; none is novel.'
            )
    else:
        base, novel, tied = base_and_novel(counts, args.names)
        if tied:
            notes.append(
                'The halves meet among classes with equally many training videos; of these, the '
                'later ones in label order are base. --base-classes FILE takes a published choice.'
            )
    base_train = restrict_rows(train, args.names, base)
    output.add_classes('base', base)
    output.add_classes('novel', novel)
    for seed in args.seeds:
        for shots in sorted(set(args.shots)):
            chosen = few_shot_rows(base_train, base, shots, seed, args.allow_fewer)
            output.add_list(f'base_train_{shots}shot_seed{seed}', chosen, len(base))
    output.add_list('base_val', restrict_rows(val, args.names, base), len(base))
    output.add_list('novel_val', restrict_rows(val, args.names, novel), len(novel))
    return [f'{len(base)} base and {len(novel)} novel classes.', *notes]


def _draws(args: argparse.Namespace, classes: Sequence[str], number: int) -> list[list[str]]:
    if args.chosen:
        return [read_labels(path) for path in args.chosen]
    return [draw_classes(classes, number, draw) for draw in range(1, args.draws + 1)]


def _add(output: Output, name: str, rows: list, classes: list[str], chosen: list[str]) -> None:
    output.add_classes(name, chosen)
    output.add_list(name, restrict_rows(rows, classes, chosen), len(chosen))


def _near_misses(left: Sequence[str], seen: Sequence[str]) -> list[str]:
    """Point at names that differ by little, such as a class that was renamed."""
    known = {format_label(name): name for name in seen}
    pairs = []
    for name in left:
        close = difflib.get_close_matches(format_label(name), known, 1, cutoff=0.85)
        pairs += [f'  {name}  (seen: {known[word]})' for word in close]
    if not pairs:
        return []
    return ['Almost as a seen class is spelt; list those that are the same in --same FILE:', *pairs]


def _stem(paths: Sequence[str]) -> str:
    if len(paths) > 1:
        raise MGDMError('several lists: say with --name how the names of the new ones begin.')
    return Path(paths[0]).stem


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--classes',
        required=True,
        help='class names of the lists in label order: k400, hmdb51, ucf101 or a text file',
    )
    common.add_argument('--out', required=True, help='folder of the new lists')
    common.add_argument('--rawframes', action='store_true', help='the lists are of raw frames')
    common.add_argument(
        '--delimiter',
        default='space',
        help=f'between path and label: {", ".join(DELIMITERS)} or a sign. Default: space',
    )
    common.add_argument('--force', action='store_true', help='replace files of other content')
    parser = argparse.ArgumentParser(
        'build_protocol.py', description='Write the lists of a protocol, and their class names.'
    )
    commands = parser.add_subparsers(
        required=True, metavar='{few-shot,half-classes,base-to-novel,unseen}'
    )

    def add(name: str, text: str, build: Callable) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(build=build)
        return sub

    few = add('few-shot', 'K training videos a class.', _few_shot)
    few.add_argument('lists', nargs='+', help='the training list')
    few.add_argument('--name', help='how names begin; default: as that of the list')
    half = add('half-classes', 'Zero-shot on half of the classes, several draws.', _half_classes)
    half.add_argument('lists', nargs='+', help='the videos to test on')
    half.add_argument('--number', type=int, help='classes of a draw; default: half, rounded down')
    half.add_argument('--draws', type=int, default=10, help='default: 10')
    new = add('unseen', 'Zero-shot on the classes that training did not have.', _unseen)
    new.add_argument('lists', nargs='+', help='the videos to test on')
    new.add_argument('--seen', default='k400', help='class names of training. Default: k400')
    new.add_argument('--same', help='file of class names that only rename a seen class')
    new.add_argument('--number', type=int, default=160, help='classes of a draw. Default: 160')
    new.add_argument('--draws', type=int, default=3, help='default: 3')
    for sub in (half, new):
        sub.add_argument(
            '--chosen', nargs='+', metavar='FILE', help='class lists to take instead of drawing'
        )
    novel = add('base-to-novel', 'K-shot on frequent classes, test on the rest.', _base_to_novel)
    novel.add_argument('--train', required=True, help='training list of all classes')
    novel.add_argument('--val', required=True, help='validation list of all classes')
    novel.add_argument('--base-classes', metavar='FILE', help='a published choice of base classes')
    for sub, shots in ((few, (2, 4, 8, 16)), (novel, (16,))):
        default = ' '.join(map(str, shots))
        sub.add_argument(
            '--shots',
            type=int,
            nargs='+',
            default=shots,
            metavar='K',
            help=f'videos a class, a list for each. Default: {default}',
        )
        sub.add_argument(
            '--seeds',
            type=int,
            nargs='+',
            default=(1, 2, 3),
            metavar='SEED',
            help='a list for each. Default: 1 2 3',
        )
        sub.add_argument('--allow-fewer', action='store_true', help='where a class has less than K')
    return parser.parse_args(argv)
