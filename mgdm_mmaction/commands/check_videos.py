"""The command line that decodes the clips of lists."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..config import read_config
from ..data_prep.lists import ListForm, number, write_texts
from ..datasets.annotations import list_digest
from ..errors import MGDMError
from ..text.corpus import read_labels
from .common import add_list_form

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Check clips, see ``tools/data/check_videos.py --help``; exit code 1 if some are broken."""
    args = _parse(argv)
    if bool(args.lists) == bool(args.config):
        raise MGDMError(
            'name the lists, with --root FOLDER that their paths begin in; or --config CONFIG, '
            'which has both.'
        )
    if args.workers < 1:
        raise MGDMError(f'--workers {args.workers}: at least 1 process has to decode.')
    datasets, classes = _of_config(args) if args.config else _of_lists(args)
    from ..data_prep.check_clips import NO_FILE, check_clips
    from ..data_prep.leakage import find_leak

    checked = check_clips(datasets, args.quick, args.workers, args.timeout or None, classes)
    for entry in checked:
        print(_describe(entry, args))
    gone = [[clip.reason == NO_FILE for clip in entry.clips] for entry in checked]
    if any(sum(found) > len(found) / 2 for found in gone):
        print('Most files are missing: is --root (in a config: data_prefix) where paths begin?')
    # Two lists are those of a split; a config has training first.
    if len(checked) == 2 and (leak := find_leak(*(entry.labelled for entry in checked))):
        print(leak)
    if args.write_clean:
        _write_clean(checked, args)
    if any(clip.reason for entry in checked for clip in entry.clips):
        if not args.write_clean:
            print('Lists without the broken clips: add --write-clean OUT.')
        raise SystemExit(1)


def _of_lists(args: argparse.Namespace) -> tuple[list[dict], list[str] | None]:
    if not Path(args.root).is_dir():
        raise MGDMError(f'--root {args.root}: no such folder; the paths of the lists begin in it.')
    form = ListForm.of(args)
    pipeline = [dict(type='VideoInit'), dict(type='VideoDecode')]
    if form.frames:
        pipeline = [dict(type='RawFrameDecode')]
    datasets = [
        dict(form.dataset(path, args.root), pipeline=pipeline, test_mode=True)
        for path in args.lists
    ]
    return datasets, read_labels(args.labels) if args.labels else None


def _of_config(args: argparse.Namespace) -> tuple[list[dict], list[str] | None]:
    cfg = read_config(args.config)
    datasets = [found for split in ('train', 'val', 'test') for found in cfg.datasets(split)]
    if not datasets:
        raise MGDMError(f'{args.config}: has no train_, val_ or test_dataloader.')
    return datasets, read_labels(args.labels) if args.labels else cfg.classes


def _describe(entry, args: argparse.Namespace) -> str:
    done = 'first, middle and last frame decoded' if args.quick else 'every frame decoded'
    rows = zip(entry.line_numbers, entry.names, strict=True)
    places = [f'line {row}: {name}' for row, name in rows]
    clips = list(zip(places, entry.clips, strict=True))
    broken = [f'  broken: {place}: {clip.reason}' for place, clip in clips if clip.reason]
    lines = [
        f'{entry.ann_file} (list digest {entry.digest}): {number(len(clips))} clips, {done}, '
        f'{number(len(broken))} broken',
        *broken,
    ]
    return '\n'.join(lines)


def _write_clean(checked: Sequence, args: argparse.Namespace) -> None:
    out = Path(args.write_clean)
    many = len(checked) > 1
    if many and out.is_file():
        raise MGDMError(f'--write-clean {out}: a file; name a folder for {len(checked)} lists.')
    if many and len({Path(entry.ann_file).name for entry in checked}) < len(checked):
        raise MGDMError('--write-clean: two lists have the same file name; clean them one by one.')
    into_folder = many or out.is_dir()
    texts = {
        out / Path(entry.ann_file).name if into_folder else out: entry.clean_text()
        for entry in checked
    }
    write_texts(texts, args.force)
    for path, text in texts.items():
        count = number(text.count('\n'))
        print(f'{path}: {count} clips, list digest {list_digest(text)}')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Decode every clip of annotation lists as training does, and name the broken '
        'ones. Exit code 1 if there are any. Of two lists, training and validation, it also warns '
        'if clips of one recording seem to be in both.'
    )
    parser.add_argument('lists', nargs='*', metavar='LIST', help='annotation files')
    parser.add_argument('--root', default='.', help='folder that their paths begin in')
    parser.add_argument('--config', help='check the lists of a config, with its decoder, instead')
    parser.add_argument('--workers', type=int, default=2, help='processes. Default: 2')
    parser.add_argument(
        '--quick', action='store_true', help='decode the first, middle and last frame only'
    )
    parser.add_argument(
        '--timeout', type=float, default=300, help='seconds for a clip, 0 for any. Default: 300'
    )
    parser.add_argument('--labels', help='class names, to check labels against')
    parser.add_argument(
        '--write-clean', metavar='OUT', help='write the list without them; a folder for several'
    )
    add_list_form(parser)
    return parser.parse_args(argv)
