"""The command that trains."""

import argparse
from collections.abc import Sequence

from .common import add_runner_arguments

__all__ = ['main', 'parse_args']


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser('train.py', description='Train a recogniser.')
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='continue from this checkpoint, or from the latest one of the work directory',
    )
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate meanwhile')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the global batch size over auto_scale_lr.base_batch_size',
    )
    parser.add_argument('--seed', type=int, help='seed; overrules the one of the config')
    parser.add_argument(
        '--diff-rank-seed', action='store_true', help='seed every rank differently from the start'
    )
    parser.add_argument(
        '--deterministic', action='store_true', help='only deterministic algorithms'
    )
    parser.add_argument(
        '--vis',
        nargs='+',
        choices=['tensorboard', 'wandb'],
        default=[],
        help='draw the curves there, too; docs/curves.md says what they mean',
    )
    add_runner_arguments(parser)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = parse_args(argv)
    from ..apis.train import prepare_config, run_training

    run_training(prepare_config(args))
