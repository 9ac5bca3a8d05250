"""The command line that writes the lists of protocols: fewer videos, or other classes."""

import argparse
import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from ..data_prep.lists import ListForm, number, write_texts
from ..data_prep.matching import ClassNames
from ..data_prep.protocols import (
    Row,
    base_and_novel,
    draw_classes,
    few_shot_rows,
    read_rows,
    restrict_rows,
    share_rows,
    unseen_classes,
)
from ..datasets.annotations import list_digest
from ..errors import MGDMError
from ..text.corpus import format_label, read_labels
from .common import add_list_form

__all__ = ['main']

# Classes of Kinetics-600 that Kinetics-400 does not have, as the literature counts them.
_PUBLISHED_UNSEEN = 220


def main(argv: Sequence[str] | None = None) -> None:
    """Write lists, see ``tools/data/build_protocol.py --help``."""
    args = _parse(argv)
    args.form = ListForm.of(args)
    args.classes = ClassNames(read_labels(args.classes), args.classes)
    args.names = args.classes.names
    output = _Output(Path(args.out), args.form)
    notes = args.build(args, output)
    write_texts(output.texts, args.force)
    print('\n'.join([*output.facts, *notes]))


class _Output:
    """The files of a protocol, to be written together, and a line about each."""

    def __init__(self, folder: Path, form: ListForm) -> None:
        self.texts: dict[Path, str] = {}
        self.facts: list[str] = []
        self._folder, self._form = folder, form

    def add_list(self, name: str, rows: Sequence[Row]) -> None:
        path = self._folder / f'{name}.txt'
        self.texts[path] = ''.join(self._form.line(*row) for row in rows)
        self.facts.append(
            f'{path}: {number(len(rows))} videos of {len({label for _, label in rows})} classes, '
            f'list digest {list_digest(self.texts[path])}'
        )

    def add_classes(self, name: str, classes: Sequence[str]) -> None:
        path = self._folder / f'{name}_classes.txt'
        self.texts[path] = ''.join(f'{x}\n' for x in classes)
        self.facts.append(f'{path}: {number(len(classes))} class names')

    def add_chosen(
        self, name: str, rows: list[Row], classes: ClassNames, chosen: list[str]
    ) -> None:
        self.add_classes(name, chosen)
        self.add_list(name, restrict_rows(rows, classes, chosen))


def _few_shot(args: argparse.Namespace, output: _Output) -> list[str]:
    rows = read_rows([args.list], len(args.names), args.form)
    _add_shots(args, output, Path(args.list).stem, rows, args.names)
    return [
        'Lists of one seed are nested: the videos of a smaller K are among those of a larger one.',
        'Test on the whole validation list.',
    ]


def _add_shots(
    args: argparse.Namespace, output: _Output, prefix: str, rows: list[Row], names: list[str]
) -> None:
    for seed in args.seeds:
        for shots in sorted(set(args.shots)):
            chosen = few_shot_rows(rows, names, shots, seed, args.allow_fewer)
            output.add_list(f'{prefix}_{shots}shot_seed{seed}', chosen)


def _shares(args: argparse.Namespace, output: _Output) -> list[str]:
    rows = read_rows([args.list], len(args.names), args.form)
    for share in sorted(set(args.shares)):
        chosen = share_rows(rows, share, args.seed)
        output.add_list(f'{Path(args.list).stem}_{share:g}', chosen)
    return [
        'The lists are nested: the videos of a smaller share are among those of a larger one.',
        'Test on the whole test list.',
    ]


def _half_classes(args: argparse.Namespace, output: _Output) -> list[str]:
    rows = read_rows(args.lists, len(args.names), args.form)
    draws = _draws(args, args.names, args.number or len(args.names) // 2)
    for draw, chosen in enumerate(draws, 1):
        output.add_chosen(f'half_draw{draw}', rows, args.classes, chosen)
    sizes = ' or '.join(map(str, sorted(set(map(len, draws)))))
    return [f'Each draw: {sizes} of {len(args.names)} classes.']


def _unseen(args: argparse.Namespace, output: _Output) -> list[str]:
    rows = read_rows(args.lists, len(args.names), args.form)
    same = read_labels(args.same) if args.same else []
    seen = read_labels(args.seen)
    left = unseen_classes(args.classes, seen, same)
    output.add_chosen('unseen', rows, args.classes, left)
    for draw, chosen in enumerate(_draws(args, left, args.number), 1):
        output.add_chosen(f'unseen{len(chosen)}_draw{draw}', rows, args.classes, chosen)
    return [
        f'{len(left)} of {len(args.names)} classes are not among the {len(seen)} of {args.seen}'
        f' (Kinetics-600 without Kinetics-400: {_PUBLISHED_UNSEEN} as the literature counts).',
        *_near_misses(left, seen),
    ]


def _base_to_novel(args: argparse.Namespace, output: _Output) -> list[str]:
    train = read_rows([args.train], len(args.names), args.form)
    val = read_rows([args.val], len(args.names), args.form)
    notes = []
    if args.base_classes:
        base = read_labels(args.base_classes)
        ids = {args.classes.label(name, args.base_classes) for name in base}
        novel = [name for label, name in enumerate(args.names) if label not in ids]
        if not novel:
            raise MGDMError(
                f'--base-classes {args.base_classes}: names every class; none is novel.'
            )
    else:
        counts = Counter(label for _, label in train)
        base, novel, tied = base_and_novel(counts, args.names)
        if tied:
            notes.append(
                'The halves meet among classes with equally many training videos; of these, the '
                'later ones in label order are base. --base-classes FILE takes a published choice.'
            )
    output.add_classes('base', base)
    output.add_classes('novel', novel)
    _add_shots(args, output, 'base_train', restrict_rows(train, args.classes, base), base)
    output.add_list('base_val', restrict_rows(val, args.classes, base))
    output.add_list('novel_val', restrict_rows(val, args.classes, novel))
    return [f'{len(base)} base and {len(novel)} novel classes.', *notes]


def _draws(args: argparse.Namespace, classes: Sequence[str], size: int) -> list[list[str]]:
    if args.chosen:
        return [read_labels(path) for path in args.chosen]
    return [draw_classes(classes, size, draw) for draw in range(1, args.draws + 1)]


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


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        '--classes',
        required=True,
        help='class names of the lists in label order: k400, hmdb51, ucf101 or a text file',
    )
    common.add_argument('--out', required=True, help='folder of the new lists')
    add_list_form(common)
    parser = argparse.ArgumentParser(
        'build_protocol.py', description='Write the lists of a protocol, and their class names.'
    )
    commands = parser.add_subparsers(
        required=True, metavar='{few-shot,shares,half-classes,base-to-novel,unseen}'
    )

    def add(name: str, text: str, build: Callable) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(build=build)
        return sub

    few = add('few-shot', 'K training videos a class.', _few_shot)
    few.add_argument('list', help='the training list')
    less = add('shares', 'Shares of the training videos of each class.', _shares)
    less.add_argument('list', help='the training list')
    less.add_argument(
        '--shares', type=float, nargs='+', default=(0.2, 0.4, 0.6, 0.8), metavar='SHARE',
        help='a list for each. Default: 0.2 0.4 0.6 0.8',
    )  # fmt: skip
    less.add_argument('--seed', type=int, default=1, help='default: 1')
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
        for option, default, metavar, text in (
            ('--shots', shots, 'K', 'videos a class, a list for each'),
            ('--seeds', (1, 2, 3), 'SEED', 'a list for each'),
        ):
            text = f'{text}. Default: {" ".join(map(str, default))}'
            sub.add_argument(
                option, type=int, nargs='+', default=default, metavar=metavar, help=text
            )
        sub.add_argument('--allow-fewer', action='store_true', help='where a class has less than K')
    return parser.parse_args(argv)
