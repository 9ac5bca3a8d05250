"""The command line that builds annotation lists."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from ..data_prep.clip_list import DELIMITERS, ClipList
from ..data_prep.folders import folder_classes, folder_list, split_by_class
from ..data_prep.hmdb51 import hmdb51_lists
from ..data_prep.kinetics import kinetics_classes, kinetics_list, read_kinetics_csv
from ..data_prep.matching import ClassNames
from ..data_prep.media import FrameNames, MediaTree
from ..data_prep.next_steps import next_steps
from ..data_prep.ucf101 import check_class_ind, ucf101_lists
from ..data_prep.writing import write_lists
from ..errors import MGDMError
from ..text.corpus import packaged_label_maps, read_labels

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Build lists, see ``tools/data/build_lists.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None (those of the process).

    Raises:
        MGDMError: If something the data set needs is missing or has another form, or a list is
            there already with other content.
    """
    args = _parse(argv)
    args.frames = FrameNames(args.filename_tmpl, args.start_index) if args.rawframes else None
    args.delimiter = DELIMITERS.get(args.delimiter, args.delimiter)
    if args.rawframes and args.delimiter != ' ':
        raise MGDMError('--delimiter: RawframeDataset has none; it splits at white space.')
    if len(args.delimiter) != 1 or args.delimiter.isalnum() or args.delimiter in './\n':
        raise MGDMError(
            f'--delimiter {args.delimiter!r}: expected {", ".join(DELIMITERS)} or one sign.'
        )
    args.build(args)


def _kinetics(args: argparse.Namespace) -> None:
    root, name = Path(args.root), _name(args)
    splits = {part: getattr(args, f'{part}_csv') for part in ('train', 'val')}
    splits = {part: path for part, path in splits.items() if path}
    if not splits:
        raise MGDMError('no csv file given; name the official ones by --train-csv and --val-csv.')
    tables = {part: read_kinetics_csv(path) for part, path in splits.items()}
    if args.labels == 'csv':
        names = kinetics_classes([clip for clips in tables.values() for clip in clips])
        classes = ClassNames(names, ' and '.join(splits.values()))
    else:
        default = 'k' + name.removeprefix('kinetics')
        classes = _classes(args.labels or (default if default in packaged_label_maps() else None))
    lists, roots = {}, []
    for part, clips in tables.items():
        folder = getattr(args, f'{part}_videos') or root / f'{_kind(args)}_{part}'
        tree = MediaTree(folder, args.frames)
        roots.append(tree.root)
        lists[root / f'{name}_{part}_list_{_kind(args)}.txt'] = kinetics_list(
            clips, tree, classes, name, part
        )
    more = {}
    if args.labels == 'csv':
        more[root / 'classes.txt'] = ''.join(f'{label}\n' for label in classes.names)
    _write(args, lists, roots, more)


def _official(args: argparse.Namespace, build: Callable) -> None:
    root, name = Path(args.root), _name(args)
    annotations = Path(args.annotations or root / 'annotations')
    classes = _classes(args.labels or args.map)
    if args.map == 'ucf101':
        check_class_ind(annotations, classes)
    tree = MediaTree(args.videos or root / _kind(args), args.frames)
    lists = {
        root / f'{name}_{part}_split_{split}_{_kind(args)}.txt': clips
        for split in args.splits
        for part, clips in build(annotations, tree, classes, split).items()
    }
    _write(args, lists, [tree.root] * len(lists))


def _folders(args: argparse.Namespace) -> None:
    if (args.val is None) == (args.val_fraction is None):
        raise MGDMError(
            'folders: say where the validation clips come from: --val FOLDER with a tree of their '
            'own, or --val-fraction 0.2 for a share of every class.'
        )
    out = Path(args.out)
    tree = MediaTree(args.videos, args.frames)
    names = folder_classes(tree)
    classes = _classes(args.labels) if args.labels else ClassNames(names, str(tree.root))
    name = args.name or tree.root.resolve().name
    if args.val is None:
        clips = folder_list(tree, classes, name)
        train, val = split_by_class(clips, args.val_fraction, args.seed)
        roots = [tree.root, tree.root]
    else:
        val_tree = MediaTree(args.val, args.frames)
        folder_classes(val_tree)
        train = folder_list(tree, classes, f'{name} train')
        val = folder_list(val_tree, classes, f'{name} val')
        roots = [tree.root, val_tree.root]
    lists = {out / 'train_list.txt': train, out / 'val_list.txt': val}
    # The file that the config names; the same words as were given, one a line.
    _write(args, lists, roots, {out / 'classes.txt': ''.join(f'{x}\n' for x in classes.names)})


def _classes(source: str | None) -> ClassNames:
    if source is None:
        raise MGDMError(
            f'no label map of this data set comes with the package ({packaged_label_maps()} do): '
            'give --labels FILE with one class a line in label order, or --labels csv for the '
            'alphabetical order of the csv files.'
        )
    return ClassNames(read_labels(source), source)


def _name(args: argparse.Namespace) -> str:
    return args.name or args.map or Path(args.root).resolve().name


def _kind(args: argparse.Namespace) -> str:
    return 'rawframes' if args.rawframes else 'videos'


def _write(
    args: argparse.Namespace,
    lists: dict[Path, ClipList],
    roots: list[Path],
    more: dict[Path, str] | None = None,
) -> None:
    print(write_lists(lists, args.delimiter, args.force, more))
    for path in more or ():
        print(f'{path}: class names in label order')
    print(next_steps(list(lists), roots, args, more))


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument('--labels', help='file with one class name a line, in label order')
    common.add_argument('--rawframes', action='store_true', help='clips are folders of images')
    common.add_argument(
        '--filename-tmpl', default='img_{:05}.jpg', help='of raw frames. Default: img_{:05}.jpg'
    )
    common.add_argument(
        '--start-index', type=int, default=1, help='number of the first raw frame. Default: 1'
    )
    common.add_argument(
        '--delimiter',
        default='space',
        help=f'between path and label: {", ".join(DELIMITERS)} or a sign. Default: space',
    )
    common.add_argument('--force', action='store_true', help='replace lists of other content')
    parser = argparse.ArgumentParser(
        description='Build the annotation lists of MMAction2 from a data set on disk.'
    )
    commands = parser.add_subparsers(required=True, metavar='{kinetics,hmdb51,ucf101,folders}')

    def add(name: str, text: str, build: Callable, **defaults: object) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, parents=[common], help=text, description=text)
        sub.set_defaults(build=build, **defaults)
        return sub

    sub = add('kinetics', 'Kinetics-400, -600, -700: csv files and videos.', _kinetics, map=None)
    sub.add_argument('root', help='folder of the data set, such as data/kinetics400')
    for part in ('train', 'val'):
        sub.add_argument(f'--{part}-csv', help=f'official csv file of the {part} split')
        sub.add_argument(f'--{part}-videos', help=f'their videos. Default: ROOT/videos_{part}')
    sub.add_argument('--name', help='kinetics400, ...; default: the name of ROOT')
    for name, build in (('hmdb51', hmdb51_lists), ('ucf101', ucf101_lists)):
        text = f'{name.upper()}: official split files and videos.'
        sub = add(name, text, lambda args, build=build: _official(args, build), map=name)
        sub.add_argument('root', help=f'folder of the data set, such as data/{name}')
        sub.add_argument('--videos', help='folder of the clips. Default: ROOT/videos')
        sub.add_argument('--annotations', help='split files. Default: ROOT/annotations')
        sub.add_argument(
            '--splits', nargs='+', type=int, choices=(1, 2, 3), default=(1, 2, 3), help='which'
        )
        sub.add_argument('--name', help=argparse.SUPPRESS)
    sub = add('folders', 'Any data set with one folder a class.', _folders, map=None)
    sub.add_argument('videos', help='folder above the class folders')
    sub.add_argument('--out', required=True, help='folder for the lists and classes.txt')
    sub.add_argument('--val', help='folder with the validation clips, the same class folders in it')
    sub.add_argument('--val-fraction', type=float, help='share of every class for validation')
    sub.add_argument('--seed', type=int, default=0, help='of that choice. Default: 0')
    sub.add_argument('--name', help='of the data set in the report. Default: that of the folder')
    return parser.parse_args(argv)
