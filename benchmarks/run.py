"""The command line of the benchmarks."""

import argparse
import shlex
import sys
import time
from pathlib import Path

import torch

from benchmarks.curves import benchmark_curves
from benchmarks.exporting import benchmark_export
from benchmarks.head import HeadSizes, benchmark_head
from benchmarks.machine import describe_machine
from benchmarks.mining import benchmark_mining
from benchmarks.mining_data import MiningSizes
from benchmarks.mining_memory import benchmark_mining_memory
from benchmarks.negatives_file import benchmark_negatives_file
from benchmarks.pipeline import benchmark_pipeline
from benchmarks.recipe import benchmark_recipe
from benchmarks.sharing import benchmark_sharing
from benchmarks.step import benchmark_step
from benchmarks.towers import TOWERS, benchmark_tower
from benchmarks.training import StepSizes
from benchmarks.videos import VideoSizes
from mgdm_mmaction.clip import get_arch
from mgdm_mmaction.errors import MGDMError

__all__ = ['main']

PARTS = (
    'head',
    'step',
    'pipeline',
    'mining',
    'mining-memory',
    'file',
    'sharing',
    'recipe',
    'towers',
    'curves',
    'export',
)
_USUAL = 'head,step,pipeline'
_CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def main(argv: list[str] | None = None) -> None:
    """Run benchmarks and print their figures.

    Args:
        argv (list[str], optional): Arguments; None takes those of the process. Defaults to None.

    Raises:
        MGDMError: If an argument is wrong.
    """
    args = _parse(argv)
    command = ' '.join(map(shlex.quote, sys.argv if argv is None else ['benchmark.py', *argv]))
    print(f'MGDM benchmark, {time.strftime("%Y-%m-%d %H:%M %Z")}, seed {args.seed}')
    print(f'machine: {describe_machine(args.device)}')
    print(f'command: {command}', flush=True)
    if args.quick:
        print('--quick: tiny sizes, to see that it works; the figures mean nothing')
    for part in args.parts:
        for lines in _run(part, _CONFIGS, args):
            print(flush=True)
            for line in lines:
                print(line, flush=True)


def _run(part: str, configs: Path, args: argparse.Namespace):
    options = dict(repeats=args.repeats, device=args.device, seed=args.seed)
    if part == 'head':
        yield benchmark_head(HeadSizes(6, 2, 4, 64) if args.quick else HeadSizes(), **options)
    elif part == 'step':
        sizes = StepSizes('mgdm-tiny', 2, 2, 2) if args.quick else StepSizes()
        yield benchmark_step(sizes, **options)
    elif part == 'mining':
        for sizes in _mining_sizes(args.device, args.quick, args.clips):
            yield benchmark_mining(sizes, **options)
    elif part == 'mining-memory':
        yield benchmark_mining_memory((4, 12) if args.quick else (200, 2000), args.seed)
    elif part == 'file':
        yield benchmark_negatives_file(1000 if args.quick else 240_000, seed=args.seed)
    elif part == 'sharing':
        sizes = (2_000, 2, args.seed, ['fork']) if args.quick else (240_000, 2, args.seed)
        yield benchmark_sharing(*sizes)
    elif part == 'recipe':
        # Small, so that a CPU makes it; the controls act on the tower, which is the most of it.
        sizes = StepSizes('mgdm-tiny', 2, 2, 2) if args.quick else StepSizes('ViT-B-32', 2, 4)
        some = dict(controls=['backbone.with_cp=True', 'EMA']) if args.quick else {}
        yield benchmark_recipe(sizes, **options, **some)
    elif part == 'curves':
        yield benchmark_curves(HeadSizes(6, 2, 4, 64) if args.quick else HeadSizes(), **options)
    elif part == 'export':
        config = configs / 'k400' / 'mgdm_vit-b-32_8f_k400.py'
        arch = 'mgdm-tiny' if args.quick else None
        yield benchmark_export(config, arch, 5 * args.repeats, args.seed)
    elif part == 'towers':
        frames = 2 if args.quick else None
        for arch in args.towers:
            yield benchmark_tower(arch, args.batches, args.steps, frames=frames, **options)
    else:
        toy = VideoSizes(2, 80, 80, 12) if args.quick else VideoSizes(24, 80, 80, 24)
        large = VideoSizes(1, 340, 256, 12) if args.quick else VideoSizes(4, 340, 256, 300)
        for config, sizes in (('toy/mgdm_toy.py', toy), ('mgdm_k400.py', large)):
            # Short runs, so more of them.
            yield benchmark_pipeline(configs / config, sizes, 5 * args.repeats, args.seed)


def _mining_sizes(device: str, quick: bool, clips: str | None) -> list[MiningSizes]:
    if clips is not None:
        count = VideoSizes(12 if quick else 120, 0, 0, 0)
        return [MiningSizes(videos=count, clips=clips)]
    small = VideoSizes(12, 80, 80, 12) if quick else VideoSizes(2000, 80, 80, 24)
    large = VideoSizes(4, 340, 256, 12) if quick else VideoSizes(200, 340, 256, 60)
    sizes = [MiningSizes(videos=small), MiningSizes(videos=large)]
    if device != 'cpu':
        sizes += [MiningSizes(arch, 16, large) for arch in ('ViT-B-16', 'ViT-L-14')]
    return sizes


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Measure the head, a training step and the data pipeline against the plain way '
        'to do the same, in turns. Prints absolute figures and ratios; about five minutes on two '
        'cores.'
    )
    parser.add_argument('--device', default='cpu', help="'cpu' or 'cuda'. Defaults to cpu")
    parser.add_argument(
        '--repeats',
        type=int,
        default=3,
        help='pairs of measured runs, five times as many of the pipelines. Defaults to 3',
    )
    parser.add_argument(
        '--parts',
        default=_USUAL,
        help=f'what to measure, with commas between, of {", ".join(PARTS)}; sharing is the memory '
        'of data-loading workers, on Linux; recipe is what each control of docs/recipe.md costs; '
        f'towers is training under bf16 AMP, for a GPU; export needs onnx. Defaults to {_USUAL}',
    )
    parser.add_argument(
        '--clips',
        help='folder of videos for the part mining, used over and over until there are 120. '
        'Defaults to made ones',
    )
    parser.add_argument(
        '--towers',
        type=lambda text: text.split(','),
        help=f'CLIP architectures of the part towers. Defaults to {",".join(TOWERS)}',
    )
    parser.add_argument(
        '--batches',
        help='clips a batch of the part towers. Defaults to 8,16,32',
    )
    parser.add_argument(
        '--steps', type=int, help='steps of the run of the part towers. Defaults to 200'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of all data. Defaults to 0')
    parser.add_argument(
        '--quick', action='store_true', help='tiny sizes, only to see that everything works'
    )
    args = parser.parse_args(argv)
    args.parts = args.parts.split(',')
    unknown = [part for part in args.parts if part not in PARTS]
    if unknown:
        raise MGDMError(
            f'--parts takes {", ".join(PARTS)}, with commas between; got {unknown[0]!r}'
        )
    args.towers = args.towers or (['mgdm-tiny'] if args.quick else list(TOWERS))
    for arch in args.towers:
        get_arch(arch)  # raises with the names that there are
    args.batches = _numbers(args.batches or ('2' if args.quick else '8,16,32'))
    args.steps = (3 if args.quick else 200) if args.steps is None else args.steps
    if args.steps < 1 or min(args.batches) < 1:
        raise MGDMError(
            f'--steps and --batches should be at least 1, got {args.steps} and '
            f'{",".join(map(str, args.batches))}'
        )
    if args.repeats < 1:
        raise MGDMError(f'--repeats should be at least 1, got {args.repeats}')
    if args.device != 'cpu' and not (args.device.startswith('cuda') and torch.cuda.is_available()):
        raise MGDMError(
            f"--device should be 'cpu', or 'cuda' on a machine that has it, got {args.device!r}"
        )
    return args


def _numbers(text: str) -> list[int]:
    try:
        return [int(number) for number in text.split(',')]
    except ValueError:
        raise MGDMError(
            f'--batches takes whole numbers with commas between, such as 8,16; got {text!r}'
        ) from None
