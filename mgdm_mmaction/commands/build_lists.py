"""The command line that builds annotation lists."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..data_prep.folders import describe_texts, folder_classes, folder_list, split_by_class
from ..data_prep.leakage import find_groups, find_leak
from ..data_prep.lists import ClipList, ListForm, write_lists
from ..data_prep.matching import ClassNames
from ..data_prep.media import MediaTree
from ..data_prep.official import OFFICIAL, kinetics_list, official_lists, read_kinetics
from ..errors import MGDMError
from ..text.corpus import packaged_label_maps, read_labels
from .common import add_list_form

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Build lists, see ``tools/data/build_lists.py --help``."""
    args = _parse(argv)
    args.form = ListForm.of(args)
    lists, classes = args.build(args)
    print(write_lists(lists, args.form, args.force, classes))
    for path, names in classes.items():
        print(describe_texts(names, path))
    if args.data == 'folders':
        train, val = ([(str(c.root / m.path), y) for m, y in c.rows] for c in lists.values())
        if warning := find_leak(train, val):
            print(warning)


#: Lists by where they go, and, where the config needs it, a file of class names.
Built = tuple[dict[Path, ClipList], dict[Path, list[str]]]


def _kinetics(args: argparse.Namespace) -> Built:
    root, kind = Path(args.root), args.form.kind
    name = args.name or root.resolve().name
    files = {'train': args.train_csv, 'val': args.val_csv}
    tables = {part: read_kinetics(path) for part, path in files.items() if path}
    if not tables:
        raise MGDMError('no csv file given; name the official ones by --train-csv and --val-csv.')
    if args.labels == 'csv':
        names = {name for clips in tables.values() for clip in clips for name in clip.class_names}
        ordered = sorted(names, key=lambda name: (name.casefold(), name))
        classes = ClassNames(ordered, ' and '.join(filter(None, files.values())))
    else:
        classes = _classes(args.labels or 'k' + name.removeprefix('kinetics'))
    lists = {}
    for part, clips in tables.items():
        folder = getattr(args, f'{part}_videos') or root / f'{kind}_{part}'
        tree = MediaTree(folder, args.form.frames)
        path = root / f'{name}_{part}_list_{kind}.txt'
        lists[path] = kinetics_list(clips, tree, classes, name, part)
    return lists, {root / 'classes.txt': classes.names} if args.labels == 'csv' else {}


def _official(args: argparse.Namespace) -> Built:
    root, kind, official = Path(args.root), args.form.kind, OFFICIAL[args.data]
    annotations = Path(args.annotations or root / 'annotations')
    if official.classes and not args.labels:
        classes = official.classes(annotations)
    else:
        classes = _classes(args.labels or args.data)
    tree = MediaTree(args.videos or root / kind, args.form.frames)
    lists = {
        root / f'{args.name or args.data}_{part}_{form}_{kind}.txt': clips
        for split, form in [(s, f'split_{s}') for s in args.splits] or [(0, 'list')]
        for part, clips in official_lists(args.data, annotations, tree, classes, split).items()
    }
    return lists, {root / 'classes.txt': classes.names} if official.classes else {}


def _folders(args: argparse.Namespace) -> Built:
    if (args.val is None) == (args.val_fraction is None):
        raise MGDMError(
            'folders: say where the validation clips come from: --val FOLDER with a tree of their '
            'own, or --val-fraction 0.2 for a share of every class.'
        )
    if args.val and args.group_by:
        raise MGDMError('--group-by divides one tree, with --val-fraction; --val is a second tree.')
    tree = MediaTree(args.videos, args.form.frames)
    names = folder_classes(tree)
    classes = _classes(args.labels) if args.labels else ClassNames(names, str(tree.root))
    name = args.name or tree.root.resolve().name
    if args.val is None:
        clips = folder_list(tree, classes, name)
        paths = [media.path for media, _ in clips.rows]
        groups = find_groups(paths, args.group_by) if args.group_by else None
        train, val = split_by_class(clips, args.val_fraction, args.seed, groups)
    else:
        val_tree = MediaTree(args.val, args.form.frames)
        folder_classes(val_tree)
        train = folder_list(tree, classes, f'{name} train')
        val = folder_list(val_tree, classes, f'{name} val')
    out = Path(args.out)
    return (
        {out / 'train_list.txt': train, out / 'val_list.txt': val},
        {out / 'classes.txt': classes.names},
    )


def _classes(source: str) -> ClassNames:
    if source not in packaged_label_maps() and not Path(source).exists():
        raise MGDMError(
            f'no label map {source!r} comes with the package ({packaged_label_maps()} do): '
            'give --labels FILE with one class a line in label order, or, for Kinetics, --labels '
            'csv for the alphabetical order of the csv files.'
        )
    return ClassNames(read_labels(source), source)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument('--labels', help='file with one class name a line, in label order')
    common.add_argument('--name', help='of the data set. Default: that of the folder')
    add_list_form(common)
    parser = argparse.ArgumentParser(
        description='Build the annotation lists of MMAction2 from a data set on disk.'
    )
    commands = parser.add_subparsers(
        required=True, metavar=f'{{kinetics,{",".join(OFFICIAL)},folders}}', dest='data'
    )

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[common], help=text, description=text)

    sub = add('kinetics', 'Kinetics-400, -600, -700: csv files and videos.')
    sub.set_defaults(build=_kinetics)
    sub.add_argument('root', help='folder of the data set, such as data/kinetics400')
    for part in ('train', 'val'):
        sub.add_argument(f'--{part}-csv', help=f'official csv file of the {part} split')
        sub.add_argument(f'--{part}-videos', help=f'their videos. Default: ROOT/videos_{part}')
    for name, official in OFFICIAL.items():
        sub = add(name, f'{official.title}: official files and videos.')
        sub.set_defaults(build=_official, splits=official.splits)
        sub.add_argument('root', help=f'folder of the data set, such as data/{name}')
        sub.add_argument('--videos', help='folder of the clips. Default: ROOT/videos')
        sub.add_argument('--annotations', help='official files. Default: ROOT/annotations')
        if official.splits:
            sub.add_argument(
                '--splits', nargs='+', type=int, choices=official.splits, help='which. Default: all'
            )
    sub = add('folders', 'Any data set with one folder a class.')
    sub.set_defaults(build=_folders)
    sub.add_argument('videos', help='folder above the class folders')
    sub.add_argument('--out', required=True, help='folder for the lists and classes.txt')
    sub.add_argument('--val', help='folder with the validation clips, the same class folders in it')
    sub.add_argument('--val-fraction', type=float, help='share of every class for validation')
    sub.add_argument(
        '--group-by',
        metavar='RULE',
        help='keep clips of one recording on one side: ucf101 (g01 ... g25), number (what is '
        'before the number at the end of a name), a .csv or .tsv file with columns path and group, '
        'or a regular expression whose first group, in the path, is the recording',
    )
    sub.add_argument('--seed', type=int, default=0, help='of that choice. Default: 0')
    return parser.parse_args(argv)
