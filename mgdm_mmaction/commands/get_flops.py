"""The command line that counts operations and parameters."""

import argparse
from typing import TYPE_CHECKING

from ..errors import MGDMError
from .common import add_cfg_options

if TYPE_CHECKING:
    from ..evaluation.complexity import Complexity

__all__ = ['format_complexity', 'main']


def main(argv: list[str] | None = None) -> None:
    """Print what the model of a config costs."""
    args = _parse(argv)
    from ..config import read_config
    from ..evaluation.complexity import count_complexity

    size = None if args.shape is None else (args.shape[0], args.shape[-1])
    complexity = count_complexity(
        read_config(args.config, args.cfg_options), size, args.num_negatives
    )
    print(f'{args.config}: {format_complexity(complexity)}')


def format_complexity(complexity: 'Complexity') -> str:
    """Write the counts as a text of a few lines."""
    c = complexity
    height, width = c.image_size
    lines = [
        f'one clip of {c.num_frames} frames of {height} x {width}, CLIP {c.arch}',
        '',
        "As the paper's table counts: Linear and Conv modules that are called, without attention,",
        'norms and embeddings; the text tower on one prompt. 1 G = 10^9 multiply-adds.',
        *(f'  {row.name:<14}{_giga(row.macs):>9} G{row.params / 1e6:9.1f} M' for row in c.table),
        '',
        'In full: every matrix product, also those of attention; no text tower runs, the text bank',
        'replaces it. 1 GFLOP = 10^9 additions and multiplications, so 2 FLOPs a multiply-add.',
        f'  training, k = {c.num_negatives}: {_giga(c.train_forward)} GFLOPs forward, '
        f'{_giga(c.train_step)} forward and backward',
        f'  testing, {c.num_classes} classes: {_giga(c.test)} GFLOPs',
        f'  parameters: {c.params / 1e6:.1f} M, {c.trained / 1e6:.1f} M of them trained; '
        f'text bank: {c.text_bank[0]} x {c.text_bank[1]} numbers',
    ]
    if memory := c.memory:
        lines += [
            '',
            f'Memory of a GPU, estimated: {memory.batch} clips on each of {memory.gpus}, bf16 AMP, '
            'AdamW.',
            f'  weights, gradients, AdamW: {_gib(memory.state)}; neck, head and loss: '
            f'{_gib(memory.head)}',
            f'  image tower: {_gib(memory.tower[False])}, with backbone.with_cp=True '
            f'{_gib(memory.tower[True])}',
            f'  in all, as the config is (with_cp={memory.with_cp}): {_gib(memory.total)}',
        ]
    return '\n'.join(lines)


def _gib(size: int) -> str:
    return f'{size / 2**30:.1f} GiB'


def _giga(number: int) -> str:
    """In 10^9, with one decimal as in the paper, or three for tiny models."""
    return f'{number / 1e9:.{1 if number >= 1e10 else 3}f}'


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Count the operations and parameters of the model of a config, with random '
        "weights: as the paper's complexity table does, and in full."
    )
    parser.add_argument('config', help='config file with a model of this package')
    parser.add_argument(
        '--shape',
        type=int,
        nargs='+',
        metavar='SIDE',
        help="side of the frames, or height and width; the architecture's own if not given",
    )
    parser.add_argument(
        '-k', '--num-negatives', type=int, help="negatives a video; the config's own if not given"
    )
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if args.shape is not None and (len(args.shape) > 2 or min(args.shape) < 1):
        raise MGDMError(f'--shape takes a side or height and width of a frame, got {args.shape}')
    if args.num_negatives is not None and args.num_negatives < 0:
        raise MGDMError(f'--num-negatives should be 0 or more, got {args.num_negatives}')
    return args
