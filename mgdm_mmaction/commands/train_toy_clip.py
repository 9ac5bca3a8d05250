"""The command that trains the tiny CLIP of a toy data set."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Train the tiny CLIP of a toy data set, see ``tools/train_toy_clip.py --help``."""
    parser = argparse.ArgumentParser(
        description='Train a tiny CLIP on newly drawn frames of the objects of a toy data set; '
        'what is there already is not trained again.'
    )
    parser.add_argument('data_root', help='directory that make_toy_data.py wrote')
    parser.add_argument('--out', help='file for the weights (default: DATA_ROOT/clip.pt)')
    parser.add_argument('--steps', type=int, default=400, help='default: 400')
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument('--overwrite', action='store_true', help='replace other settings')
    args = parser.parse_args(argv)
    from ..toy.dataset import read_settings
    from ..toy.pretrain import train_tiny_clip

    data = read_settings(args.data_root)
    out = Path(args.out or f'{args.data_root}/clip.pt')
    start = time.perf_counter()
    trained = train_tiny_clip(
        out, data['objects'], args.steps, seed=args.seed, num_frames=data['num_frames'],
        overwrite=args.overwrite,
    )  # fmt: skip
    how = f'trained in {time.perf_counter() - start:.0f} s' if trained else 'already there'
    print(f'{out}: {how}')
