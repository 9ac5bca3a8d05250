"""The toy-set experiments: a training for every variant and seed, one table over all of them."""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import RLock

from benchmarks.toy_alternatives import make_negatives
from benchmarks.toy_variants import VARIANTS
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.toy.scores import Scores, read_scores
from mgdm_mmaction.toy.steps import locate, run_command

__all__ = ['run_experiments']

_CONTEXT = 'model.cls_head.context'
_CONTEXTS = ('all', 'single', 'neighbors')
_LOCKS: defaultdict[str, RLock] = defaultdict(RLock)


def run_experiments(argv: Sequence[str] | None = None) -> None:
    """Train every variant with every seed, test it, and print the mean and spread.

    Results that are there already are kept, so that an interrupted run goes on where it was.

    Args:
        argv (Sequence[str], optional): Arguments. Defaults to None: those of the process.

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
        list(pool.map(lambda run: _run(*run, out, args.options), runs))
    table = _table(args.variants, args.seeds, out)
    (out / 'results.md').write_text(table + '\n')
    print(table)


def _run(name: str, seed: int, out: Path, options: list[str]) -> None:
    """Train and test one variant with one seed, unless its result is there."""
    folder = _folder(name, seed, out)
    result_file = folder / 'result.json'
    # Another variant may need this one's checkpoint at the same time.
    with _LOCKS[str(folder)]:
        if not result_file.exists():
            results = _train_and_test(name, seed, out, options)
            result_file.write_text(json.dumps(results, indent=2) + '\n')
            print(f'{name}, seed {seed}: top-1 {results["all"]["top1"]:.1%}', flush=True)


def _train_and_test(name: str, seed: int, out: Path, options: list[str]) -> dict[str, dict]:
    folder, variant = _folder(name, seed, out), VARIANTS[name]

    def trained(other: str) -> str:
        _run(other, seed, out, options)
        return _checkpoint(_folder(other, seed, out))

    changes = [
        '--cfg-options',
        'default_hooks.checkpoint.save_best=None',
        *variant.all_options(),
        *options,
    ]
    if variant.negatives != 'frozen CLIP':
        file = make_negatives(variant.negatives, folder, trained, options)
        changes.append(f'train_dataloader.dataset.pipeline.1.negatives_file={file}')
    train, test = (locate(file) for file in ('tools/train.py', 'tools/test.py'))
    config = locate(variant.config)
    environment = dict(OMP_NUM_THREADS='1')  # As many trainings as cores use them better.
    run_command(
        [train, config, '--work-dir', str(folder), '--seed', str(seed), '--no-validate', *changes],
        folder / 'train.log',
        environment=environment,
    )
    results = {}
    for context in _CONTEXTS:
        dump = folder / f'{context}.pkl'
        run_command(
            [test, config, _checkpoint(folder), '--work-dir', str(folder), '--dump', str(dump)]
            + [*changes, f'{_CONTEXT}={context}'],
            folder / f'test_{context}.log',
            environment=environment,
        )
        results[context] = read_scores(dump)._asdict()
    return results


def _checkpoint(folder: Path) -> str:
    return (folder / 'last_checkpoint').read_text().strip()


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
