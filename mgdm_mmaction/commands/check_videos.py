"""The command line that decodes the clips of lists."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..data_prep.check_clips import CheckedList, check_clips, clean_text
from ..data_prep.clip_list import DELIMITERS
from ..data_prep.decoding import NO_FILE
from ..data_prep.media import FrameNames
from ..data_prep.published import number
from ..data_prep.writing import write_texts
from ..datasets.annotations import check_dataset
from ..errors import MGDMError
from ..mining.miner import read_config
from ..text.corpus import read_labels

__all__ = ['main']

# Notes are shown as examples; broken clips all.
_EXAMPLES = 10


def main(argv: Sequence[str] | None = None) -> None:
    """Check clips, see ``tools/data/check_videos.py --help``.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None (those of the process).

    Raises:
        MGDMError: If a list or an option is wrong.
        SystemExit: With code 1 if clips are broken.
    """
    args = _parse(argv)
    if bool(args.lists) == bool(args.config):
        raise MGDMError(
            'name the lists, with --root FOLDER that their paths begin in; or --config CONFIG, '
            'which has both.'
        )
    if args.workers < 1:
        raise MGDMError(f'--workers {args.workers}: at least 1 process has to decode.')
    datasets, classes = _of_config(args) if args.config else _of_lists(args)
    checked = check_clips(datasets, args.quick, args.workers, args.timeout or None, classes)
    for entry in checked:
        print(_describe(entry, args))
    if any(_no_file(entry) > len(entry.clips) / 2 for entry in checked):
        print('Most files are missing: is --root (in a config: data_prefix) where paths begin?')
    if args.write_clean:
        _write_clean(checked, args)
    broken = sum(len(entry.broken) for entry in checked)
    if broken:
        if not args.write_clean:
            print('Lists without the broken clips: add --write-clean OUT.')
        raise SystemExit(1)


def _of_lists(args: argparse.Namespace) -> tuple[list[dict], list[str] | None]:
    if not Path(args.root).is_dir():
        raise MGDMError(f'--root {args.root}: no such folder; the paths of the lists begin in it.')
    if args.rawframes:
        names = FrameNames(args.filename_tmpl, args.start_index)
        config = dict(
            type='RawframeDataset',
            data_prefix=dict(img=args.root),
            filename_tmpl=names.template,
            start_index=names.start_index,
            pipeline=[dict(type='RawFrameDecode')],
        )
    else:
        config = dict(
            type='VideoDataset',
            data_prefix=dict(video=args.root),
            delimiter=DELIMITERS.get(args.delimiter, args.delimiter),
            pipeline=[dict(type='DecordInit'), dict(type='DecordDecode')],
        )
    lists = [dict(config, ann_file=path, test_mode=True) for path in args.lists]
    return lists, read_labels(args.labels) if args.labels else None


def _of_config(args: argparse.Namespace) -> tuple[list[dict], list[str] | None]:
    cfg = read_config(args.config)
    loaders = [cfg.get(f'{split}_dataloader') for split in ('train', 'val', 'test')]
    datasets = [loader['dataset'].to_dict() for loader in loaders if loader]
    if not datasets:
        raise MGDMError(f'{args.config}: has no train_, val_ or test_dataloader.')
    classes = args.labels or cfg.get('model', {}).get('cls_head', {}).get('classes')
    return datasets, read_labels(classes) if classes else None


def _describe(entry: CheckedList, args: argparse.Namespace) -> str:
    done = 'first, middle and last frame decoded' if args.quick else 'every frame decoded'
    broken, short = entry.broken, entry.shorter_than(args.num_frames)
    lines = [
        f'{entry.ann_file} (list digest {entry.digest}): {number(len(entry.clips))} clips, {done}, '
        f'{number(len(broken))} broken'
    ]
    for row in broken:
        lines.append(f'  broken: line {row + 1}: {entry.names[row]}: {entry.clips[row].reason}')
    if short:
        lines.append(
            f'  note: clips of fewer than {args.num_frames} frames, some of them sampled twice: '
            f'{number(len(short))}'
        )
        for row in short[:_EXAMPLES]:
            lines.append(f'    line {row + 1}: {entry.names[row]}: {entry.clips[row].frames}')
        if len(short) > _EXAMPLES:
            lines.append(f'    ... and {number(len(short) - _EXAMPLES)} more')
    streams = [row for row, clip in enumerate(entry.clips) if clip.stream]
    if streams:
        lines.append(
            f'  warning: files without an index (mpg, ts, flv), of which decord gives frames of '
            f'other moments: {number(len(streams))}. Convert them: ffmpeg -i IN OUT.mp4'
        )
        for row in streams[:_EXAMPLES]:
            lines.append(f'    line {row + 1}: {entry.names[row]}')
        if len(streams) > _EXAMPLES:
            lines.append(f'    ... and {number(len(streams) - _EXAMPLES)} more')
    return '\n'.join(lines)


def _no_file(entry: CheckedList) -> int:
    return sum(clip.reason == NO_FILE for clip in entry.clips)


def _write_clean(checked: Sequence[CheckedList], args: argparse.Namespace) -> None:
    out = Path(args.write_clean)
    many = len(checked) > 1
    if many and out.is_file():
        raise MGDMError(f'--write-clean {out}: a file; name a folder for {len(checked)} lists.')
    if many and len({Path(entry.ann_file).name for entry in checked}) < len(checked):
        raise MGDMError('--write-clean: two lists have the same file name; clean them one by one.')
    into_folder = many or out.is_dir()
    paths = [out / Path(entry.ann_file).name if into_folder else out for entry in checked]
    texts = [clean_text(entry) for entry in checked]
    write_texts(dict(zip(paths, texts, strict=True)), args.force)
    for path, entry in zip(paths, checked, strict=True):
        config = {**entry.config, 'data_root': '', 'ann_file': str(path)}
        digest = check_dataset(config)[0].digest
        left = len(entry.clips) - len(entry.broken)
        print(f'{path}: {number(left)} clips, list digest {digest}')


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Decode every clip of annotation lists as training does, and name the broken '
        'ones. Exit code 1 if there are any.'
    )
    parser.add_argument('lists', nargs='*', metavar='LIST', help='annotation files')
    parser.add_argument('--root', default='.', help='folder that their paths begin in')
    parser.add_argument('--config', help='check the lists of a config, with its decoder, instead')
    parser.add_argument('--workers', type=int, default=2, help='processes. Default: 2')
    parser.add_argument(
        '--quick', action='store_true', help='decode the first, middle and last frame only'
    )
    parser.add_argument(
        '--num-frames', type=int, default=16, metavar='T', help='note shorter clips. Default: 16'
    )
    parser.add_argument(
        '--timeout', type=float, default=300, help='seconds for a clip, 0 for any. Default: 300'
    )
    parser.add_argument('--labels', help='class names, to check labels against')
    parser.add_argument(
        '--write-clean', metavar='OUT', help='write the list without them; a folder for several'
    )
    parser.add_argument('--force', action='store_true', help='replace files of other content')
    parser.add_argument('--delimiter', default='space', help='of the lists. Default: space')
    parser.add_argument('--rawframes', action='store_true', help='the lists are of raw frames')
    parser.add_argument('--filename-tmpl', default='img_{:05}.jpg', help='of raw frames')
    parser.add_argument('--start-index', type=int, default=1, help='of raw frames. Default: 1')
    return parser.parse_args(argv)
