"""What to do with lists that were just built."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from .clip_list import DELIMITERS

__all__ = ['next_steps']


def next_steps(
    lists: Sequence[Path],
    roots: Sequence[Path],
    args: argparse.Namespace,
    more: Mapping[Path, str] | None = None,
) -> str:
    """Return what a config says for these lists, and the command that checks the clips.

    Args:
        lists (Sequence[Path]): The lists.
        roots (Sequence[Path]): The folder that the paths of each list begin in.
        args (argparse.Namespace): Options of the command line.
        more (Mapping[Path, str], optional): Other files that were written. Defaults to None.
    """
    kind, prefix = ('RawframeDataset', 'img') if args.rawframes else ('VideoDataset', 'video')
    options = ''
    if args.rawframes and args.filename_tmpl != 'img_{:05}.jpg':
        options += f', filename_tmpl={args.filename_tmpl!r}'
    if args.rawframes and args.start_index != 1:
        options += f', start_index={args.start_index}'
    if args.delimiter != ' ':
        options += f', delimiter={args.delimiter!r}'
    lines = ['In a config:']
    for path, root in zip(lists, roots, strict=True):
        where = f"ann_file='{path}', data_prefix=dict({prefix}='{root}')"
        lines.append(f"  type='{kind}', {where}{options}")
    lines += [f"  model.cls_head: classes='{path}'" for path in more or ()]
    lines.append('Next, decode every clip once:')
    groups: dict[Path, list[Path]] = {}
    for path, root in zip(lists, roots, strict=True):
        groups.setdefault(root, []).append(path)
    for root, paths in groups.items():
        words = ['python', 'tools/data/check_videos.py', *map(str, paths), '--root', str(root)]
        if args.rawframes:
            words.append('--rawframes')
        if args.rawframes and args.filename_tmpl != 'img_{:05}.jpg':
            words += ['--filename-tmpl', args.filename_tmpl]
        if args.rawframes and args.start_index != 1:
            words += ['--start-index', str(args.start_index)]
        if args.delimiter != ' ':
            names = {sign: name for name, sign in DELIMITERS.items()}
            words += ['--delimiter', names.get(args.delimiter, args.delimiter)]
        lines.append('  ' + shlex.join(words))
    return '\n'.join(lines)
