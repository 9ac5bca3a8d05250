"""The command that trains a tiny CLIP on the clips of a list."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError, check_output, require_file
from .common import add_output

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Train a tiny CLIP, see ``tools/train_tiny_clip.py --help``."""
    parser = argparse.ArgumentParser(
        description='Train a tiny CLIP from nothing on single frames of the clips of a list: a '
        'stand-in where no CLIP weights can be had. configs/custom/mgdm_custom_tiny.py takes it.'
    )
    parser.add_argument('list', help='annotation file of the training clips')
    parser.add_argument('--root', default='.', help='folder that its paths begin in')
    parser.add_argument('--classes', required=True, help='file of class names in label order')
    add_output(parser, 'file for the weights (default: clip.pt beside LIST)')
    parser.add_argument('--steps', type=int, default=400, help='default: 400')
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument('--num-workers', type=int, default=1, help='that decode. Default: 1')
    args = parser.parse_args(argv)
    require_file(args.list, 'list')
    if not Path(args.root).is_dir():
        raise MGDMError(f'--root {args.root}: no such folder; the paths of the list begin in it.')
    out = check_output(args.out or Path(args.list).with_name('clip.pt'), args.overwrite)
    from ..apis.tiny_clip import train_tiny_clip
    from ..text.corpus import read_labels

    start = time.perf_counter()
    broken = train_tiny_clip(
        _dataset(args.list, args.root), read_labels(args.classes), out, args.steps, args.seed,
        args.num_workers,
    )  # fmt: skip
    for line in broken:
        print(f'left out: {line}')
    print(f'{out}: trained in {time.perf_counter() - start:.0f} s')


def _dataset(path: str, root: str) -> dict:
    """Config of the data set of a list; its first line shows the form."""
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        line = file.readline().strip()
    if '\t' not in line and len(line.split()) == 3:
        return dict(type='RawframeDataset', ann_file=path, data_prefix=dict(img=root))
    delimiter = dict(delimiter='\t') if '\t' in line else {}
    return dict(type='VideoDataset', ann_file=path, data_prefix=dict(video=root), **delimiter)
