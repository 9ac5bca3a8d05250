"""The command line of the benchmarks."""

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from mgdm_mmaction.errors import MGDMError

__all__ = ['PARTS', 'main']

_CONFIGS = Path(__file__).resolve().parents[1] / 'configs'


def main(argv: list[str] | None = None) -> None:
    """Run benchmarks and print their figures.

    Args:
        argv (list[str], optional): Arguments; None takes those of the process. Defaults to None.

    Raises:
        MGDMError: If an argument is wrong.
    """
    args = _parse(argv)
    from benchmarks.measure import describe_machine

    command = ' '.join(map(shlex.quote, sys.argv if argv is None else ['benchmark.py', *argv]))
    print(f'MGDM benchmark, {time.strftime("%Y-%m-%d %H:%M %Z")}, seed {args.seed}')
    print(f'machine: {describe_machine(args.device)}')
    print(f'command: {command}', flush=True)
    if args.quick:
        print('--quick: tiny sizes, to see that it works; the figures mean nothing')
    for part in args.parts:
        print(flush=True)
        for line in PARTS[part](args):
            print(line, flush=True)


def _part(module: str) -> object:
    return import_module(f'benchmarks.{module}')


def _head(args: argparse.Namespace) -> Iterator[str]:
    m = _part('head')
    sizes = m.HeadSizes(6, 2, 4, 64) if args.quick else m.HeadSizes()
    return m.benchmark_head(sizes, args.repeats, args.device, args.seed)


def _step(args: argparse.Namespace) -> Iterator[str]:
    m = _part('training')
    sizes = m.StepSizes('mgdm-tiny', 2, 2, 2) if args.quick else m.StepSizes()
    return m.benchmark_step(sizes, args.repeats, args.device, args.seed)


def _pipeline(args: argparse.Namespace) -> Iterator[str]:
    m = _part('pipeline')
    toy, k400 = (2, 80, 80, 12), (1, 340, 256, 12)
    if not args.quick:
        toy, k400 = (24, 80, 80, 24), (4, 340, 256, 300)
    runs = [('toy/mgdm_toy.py', toy)]
    runs += [('mgdm_k400.py', (*k400, gop)) for gop in (12, 250)]
    for config, sizes in runs:
        # Short runs, so more of them.
        path, repeats = _CONFIGS / config, args.repeats * (1 if args.quick else 5)
        yield from m.benchmark_pipeline(path, m.VideoSizes(*sizes), repeats, args.seed)


def _mining(args: argparse.Namespace) -> Iterator[str]:
    m = _part('mining')
    small, large = (12, 80, 80, 12), (4, 340, 256, 12)
    if not args.quick:
        small, large = (2000, 80, 80, 24), (400, 340, 256, 60)
    runs = [('mgdm-tiny', 8, small), ('mgdm-tiny', 8, large)][: 1 if args.quick else 2]
    if args.clips:
        runs = [('mgdm-tiny', 8, (12 if args.quick else 120, 0, 0, 0))]
    elif args.device != 'cpu':
        runs += [('ViT-B-16', 16, large), ('ViT-L-14', 16, large)]
    for arch, frames, videos in runs:
        sizes = m.MiningSizes(arch, frames, m.VideoSizes(*videos), args.clips)
        yield from m.benchmark_mining(sizes, args.repeats, args.device, args.seed)


def _mining_memory(args: argparse.Namespace) -> Iterator[str]:
    counts = (4, 12) if args.quick else (200, 2000)
    return _part('mining').benchmark_mining_memory(counts, args.seed)


def _file(args: argparse.Namespace) -> Iterator[str]:
    videos = 1000 if args.quick else 240_000
    return _part('negatives_file').benchmark_negatives_file(videos, 16, args.seed)


def _sharing(args: argparse.Namespace) -> Iterator[str]:
    m = _part('negatives_file')
    if args.quick:
        return m.benchmark_sharing(2_000, 15, args.seed, ['fork'])
    return m.benchmark_sharing(240_000, 15, args.seed)


def _recipe(args: argparse.Namespace) -> Iterator[str]:
    m = _part('training')
    controls = m.CONTROLS
    # Small, so that a CPU makes it; the controls act on the tower, which is the most of it.
    sizes = m.StepSizes('ViT-B-32', 2, 4)
    if args.quick:
        sizes = m.StepSizes('mgdm-tiny', 2, 2, 2)
        controls = {name: controls[name] for name in ('backbone.with_cp=True', 'EMA')}
    return m.benchmark_recipe(sizes, args.repeats, args.device, args.seed, controls)


def _towers(args: argparse.Namespace) -> Iterator[str]:
    m = _part('training')
    batches, steps = ((2,), 3) if args.quick else ((8, 16, 32), 200)
    for arch in args.towers or (['mgdm-tiny'] if args.quick else m.TOWERS):
        yield from m.benchmark_tower(arch, batches, steps, args.repeats, args.device, args.seed)


def _export(args: argparse.Namespace) -> Iterator[str]:
    config = _CONFIGS / 'k400' / 'mgdm_vit-b-32_8f_k400.py'
    arch = 'mgdm-tiny' if args.quick else None
    return _part('exporting').benchmark_export(config, arch, 5 * args.repeats, args.seed)


def _imports(args: argparse.Namespace) -> Iterator[str]:
    return _part('imports').benchmark_imports(args.repeats)


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[str]]] = {
    'head': _head,
    'step': _step,
    'pipeline': _pipeline,
    'mining': _mining,
    'mining-memory': _mining_memory,
    'file': _file,
    'sharing': _sharing,
    'recipe': _recipe,
    'towers': _towers,
    'export': _export,
    'imports': _imports,
}
_USUAL = 'head,step,pipeline'


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Measure parts of the package against the plain way to do the same, in turns. '
        'Prints absolute figures and ratios; the usual parts take five minutes on two cores.'
    )
    parser.add_argument('--device', default='cpu', help="'cpu' or 'cuda'. Default: cpu")
    parser.add_argument('--repeats', type=int, default=3, help='pairs of runs. Default: 3')
    parser.add_argument(
        '--parts',
        default=_USUAL,
        help=f'what to measure, with commas between, of {", ".join(PARTS)}; sharing is the memory '
        'of data-loading workers, on Linux; recipe is what each control of docs/recipe.md costs; '
        f'towers is training under bf16 AMP, for a GPU; export needs onnx. Default: {_USUAL}',
    )
    parser.add_argument(
        '--clips', help='folder of videos for the part mining, used over and over. Default: made'
    )
    parser.add_argument('--towers', nargs='+', help='CLIP architectures of the part towers')
    parser.add_argument('--seed', type=int, default=0, help='seed of all data. Default: 0')
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
    if args.repeats < 1:
        raise MGDMError(f'--repeats should be at least 1, got {args.repeats}')
    return args
