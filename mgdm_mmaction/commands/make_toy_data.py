"""The command that generates the toy data set."""

import argparse
import time
from collections.abc import Sequence

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> None:
    """Generate the toy data set, see ``tools/make_toy_data.py --help``."""
    from ..toy.actions import DEFAULT_OBJECTS, MOTIONS, OBJECTS

    parser = argparse.ArgumentParser(
        description='Generate a small action data set of mp4 files whose classes are an object '
        'times a motion. Nothing is done if it is there already.'
    )
    parser.add_argument('out_dir', help='directory to write to')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--objects', nargs='+', default=list(DEFAULT_OBJECTS), metavar='OBJECT',
        help=f'objects, six classes each; from: {", ".join(OBJECTS)} (default: the first six)',
    )  # fmt: skip
    parser.add_argument('--train-clips', type=int, default=16, help='a class (default: 16)')
    parser.add_argument('--val-clips', type=int, default=8, help='a class (default: 8)')
    parser.add_argument('--num-frames', type=int, default=24, help='of a clip (default: 24)')
    parser.add_argument('--size', type=int, default=80, help='side in pixels (default: 80)')
    parser.add_argument('--overwrite', action='store_true', help='replace other settings')
    args = parser.parse_args(argv)
    from ..toy.dataset import generate_dataset

    start = time.perf_counter()
    made = generate_dataset(**vars(args))
    classes = len(MOTIONS) * len(args.objects)
    print(
        f'{args.out_dir}: {classes} classes, {classes * args.train_clips} training and '
        f'{classes * args.val_clips} validation clips, '
        + (f'made in {time.perf_counter() - start:.0f} s' if made else 'already there')
    )
