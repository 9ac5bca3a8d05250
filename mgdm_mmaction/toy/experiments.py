"""The toy-set experiments: a training for every variant and seed, one table over all of them."""

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import MGDMError
from .scores import Scores, read_scores
from .steps import locate, run_command

__all__ = ['VARIANTS', 'run_experiments']

CONFIG = 'configs/toy/mgdm_toy.py'
_ATTACH = 'train_dataloader.dataset.pipeline.1'
_CONTEXT = 'model.cls_head.context'


# What the variants differ in, spelled out: a changed default of the config changes no result here.
_COMMON = [
    f'{_ATTACH}.start=1',
    'model.neck.normalize_video=False',
    'model.cls_head.discriminator.num_layers=2',
    'model.loss.target=smoothed',
]
_NO_REPRESENTER = ['model.neck.num_layers=0', 'model.neck.attention=uniform']
_NO_DISCRIMINATOR = ['model.cls_head.discriminator.num_layers=0']

#: Name -> options of the config.
VARIANTS = {
    'k = 0': [f'{_ATTACH}.k=0'],
    'k = 3': [f'{_ATTACH}.k=3'],
    'k = 5': [f'{_ATTACH}.k=5'],
    'k = 7': [f'{_ATTACH}.k=7'],
    'k = 3 (bot)': [f'{_ATTACH}.k=3', f'{_ATTACH}.start=7'],
    'k = 7, no representer': [f'{_ATTACH}.k=7', *_NO_REPRESENTER],
    'k = 7, no discriminator': [f'{_ATTACH}.k=7', *_NO_DISCRIMINATOR],
    'k = 7, discriminator of 1 block': [
        f'{_ATTACH}.k=7',
        'model.cls_head.discriminator.num_layers=1',
    ],
    'k = 7, discriminator at 0.1 x lr': [
        f'{_ATTACH}.k=7',
        'optim_wrapper.paramwise_cfg.custom_keys.discriminator.lr_mult=0.1',
    ],
    'k = 7, exact target': [f'{_ATTACH}.k=7', 'model.loss.target=exact'],
    'k = 7, V renormalised': [f'{_ATTACH}.k=7', 'model.neck.normalize_video=True'],
}
_CONTEXTS = ('all', 'single', 'neighbors')


def run_experiments(argv: Sequence[str] | None = None, root: str | os.PathLike = '.') -> None:
    """Train every variant with every seed, test it, and print the mean and spread.

    Results that are there already are kept, so that an interrupted run goes on where it was.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None: those of the process.
        root (str | os.PathLike, optional): Folder that holds ``tools`` and ``configs``.
            Defaults to the current folder.

    Raises:
        MGDMError: If a variant is unknown, or a run fails.
    """
    parser = argparse.ArgumentParser('toy_results.py', description='Run the toy-set experiments.')
    parser.add_argument('--out', default='work_dirs/toy_results', help='folder of all results')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--variants', nargs='+', default=list(VARIANTS), metavar='NAME')
    parser.add_argument('--jobs', type=int, default=2, help='trainings at the same time')
    parser.add_argument(
        '--options', nargs='+', default=[], metavar='KEY=VALUE', help='config options of all runs'
    )
    args = parser.parse_args(argv)
    for name in args.variants:
        if name not in VARIANTS:
            raise MGDMError(f"--variants: '{name}' is unknown; there are {', '.join(VARIANTS)}")

    out = Path(args.out)
    runs = [(name, seed) for seed in args.seeds for name in args.variants]
    with ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda run: _run(*run, out, root, args.options), runs))
    table = _table(args.variants, args.seeds, out)
    (out / 'results.md').write_text(table + '\n')
    print(table)


def _run(name: str, seed: int, out: Path, root: str | os.PathLike, options: list[str]) -> None:
    """Train and test one variant with one seed, unless its result is there."""
    folder = _folder(name, seed, out)
    result_file = folder / 'result.json'
    if result_file.exists():
        return
    train, test, config = (locate(f, root) for f in ('tools/train.py', 'tools/test.py', CONFIG))
    environment = dict(OMP_NUM_THREADS='1')  # As many trainings as cores use them better.
    options = [
        '--cfg-options',
        'default_hooks.checkpoint.save_best=None',
        *_COMMON,
        *VARIANTS[name],
        *options,
    ]
    run_command(
        [train, config, '--work-dir', str(folder), '--seed', str(seed), '--no-validate', *options],
        folder / 'train.log',
        environment=environment,
    )
    checkpoint = (folder / 'last_checkpoint').read_text().strip()
    results = {}
    for context in _CONTEXTS:
        dump = folder / f'{context}.pkl'
        run_command(
            [test, config, checkpoint, '--work-dir', str(folder), '--dump', str(dump)]
            + [*options, f'{_CONTEXT}={context}'],
            folder / f'test_{context}.log',
            environment=environment,
        )
        results[context] = read_scores(dump)._asdict()
    result_file.write_text(json.dumps(results, indent=2) + '\n')
    print(f'{name}, seed {seed}: top-1 {results["all"]["top1"]:.1%}', flush=True)


def _folder(name: str, seed: int, out: Path) -> Path:
    slug = ''.join(char if char.isalnum() else '_' for char in name)
    return out / f'{slug}_seed{seed}'


def _table(variants: Sequence[str], seeds: Sequence[int], out: Path) -> str:
    """Mean and standard deviation over the seeds, in Markdown."""
    lines = [
        '| variant | top-1, context all | single | neighbors | top-5 | object | motion |',
        '|---|---|---|---|---|---|---|',
    ]
    for name in variants:
        results = [
            json.loads((_folder(name, seed, out) / 'result.json').read_text()) for seed in seeds
        ]
        cells = [_mean([r[context]['top1'] for r in results]) for context in _CONTEXTS]
        cells += [_mean([r['all'][key] for r in results]) for key in Scores._fields[1:]]
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _mean(values: Sequence[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f'{100 * statistics.mean(values):.1f} ± {100 * spread:.1f}'
