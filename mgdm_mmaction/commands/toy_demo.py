"""The command that runs the whole method on the toy data set."""

import argparse
from collections.abc import Sequence

from ..errors import MGDMError

__all__ = ['main']

_MINED = 16


def main(argv: Sequence[str] | None = None) -> None:
    """Run the demo, see ``tools/toy_demo.py --help``."""
    parser = argparse.ArgumentParser(
        'toy_demo.py', description='Run MGDM on a toy action data set.'
    )
    parser.add_argument('--k', type=int, default=7, help='mined negatives a video (default: 7)')
    parser.add_argument('--epochs', type=int, default=20, help='of both trainings (default: 20)')
    parser.add_argument('--seed', type=int, default=0, help='of both trainings (default: 0)')
    parser.add_argument(
        '--work-dir', default='work_dirs/toy_demo', help='default: work_dirs/toy_demo'
    )
    parser.add_argument(
        '--clips', type=int, nargs=2, default=[16, 8], metavar=('TRAIN', 'VAL'),
        help='clips a class (default: 16 8)',
    )  # fmt: skip
    parser.add_argument('--clip-steps', type=int, default=400, help='of the tiny CLIP')
    args = parser.parse_args(argv)
    if not 1 <= args.k <= _MINED:
        raise MGDMError(f'--k should be 1 to {_MINED}, the negatives mined a video, not {args.k}')
    from ..toy.demo import run_demo

    run_demo(**vars(args), mined=_MINED)
