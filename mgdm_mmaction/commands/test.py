"""The command that tests."""

import argparse
from collections.abc import Sequence

from .common import add_runner_arguments

__all__ = ['main', 'parse_args']


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser('test.py', description='Test a recogniser.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help="checkpoint file; without one the model's initial weights are tested: CLIP itself "
        'where the config adds nothing to it (clip_*.py), else random blocks on top',
    )
    parser.add_argument('--dump', metavar='FILE.pkl', help='save all predictions there')
    parser.add_argument(
        '--confusable-pairs',
        nargs='?',
        const='',
        metavar='NEGATIVES',
        help="also print the accuracy among each video's 7 hardest negatives, of that file or, "
        'without a name, of the one that the config trains with',
    )
    parser.add_argument(
        '--per-class', action='store_true', help='also print the accuracy of every class'
    )
    add_runner_arguments(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse_args(argv)
    from ..apis.test import prepare_config, run_testing

    run_testing(prepare_config(args))
