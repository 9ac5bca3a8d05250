"""The command that trains the tiny CLIP of a toy data set."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Train the tiny CLIP of a toy data set, see ``tools/train_toy_clip.py --help``."""
    parser = argparse.ArgumentParser(
        description='Train a tiny CLIP on newly drawn frames of the objects of a toy data set, and '
        'test it on the validation clips. It is not trained again if it is there already.'
    )
    parser.add_argument('data_root', help='directory that make_toy_data.py wrote')
    parser.add_argument('--out', help='file for the weights (default: DATA_ROOT/clip.pt)')
    parser.add_argument('--steps', type=int, default=400, help='default: 400')
    parser.add_argument('--seed', type=int, default=0, help='default: 0')
    parser.add_argument('--overwrite', action='store_true', help='replace other settings')
    args = parser.parse_args(argv)
    from ..clip import build_clip
    from ..toy.actions import MOTIONS
    from ..toy.dataset import read_settings
    from ..toy.pretrain import ARCH, train_tiny_clip
    from ..toy.scores import evaluate_zero_shot

    data = read_settings(args.data_root)
    out = Path(args.out or f'{args.data_root}/clip.pt')
    start = time.perf_counter()
    trained = train_tiny_clip(
        out, data['objects'], args.steps, seed=args.seed, num_frames=data['num_frames'],
        overwrite=args.overwrite,
    )  # fmt: skip
    how = f'trained in {time.perf_counter() - start:.0f} s' if trained else 'already there'
    print(f'{out}: {how}', flush=True)

    # Loaded again from its file, as everybody else will load it.
    found = evaluate_zero_shot(build_clip(ARCH, pretrained=str(out)), ARCH, args.data_root)
    print(
        f'zero-shot on the validation clips: top-1 {found.top1:.1%}, top-5 {found.top5:.1%}, '
        f'object {found.object:.1%}, motion given the object {found.motion:.1%} '
        f'(chance {1 / len(MOTIONS):.1%})'
    )
