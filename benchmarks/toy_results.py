"""The toy-set experiments: a training for every variant and seed, one table over all of them."""

import argparse
import json
import os
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.toy.demo import locate, run_command

__all__ = ['VARIANTS', 'Variant', 'run_experiments']

_CONFIG = 'configs/toy/mgdm_toy.py'
_ASU = 'configs/asu/asu_toy.py'
_KGCLIP = 'configs/kgclip/kgclip_toy.py'
_BASELINES = 'configs/baselines'  # with MGDM_DATASET=toy
_ATTACH = 'AttachHardNegatives'


# Spelled out, so that a changed default of the config changes no result here.
_COMMON = [
    f'{_ATTACH}.start=1',
    'model.neck.normalize_video=False',
    'model.cls_head.discriminator.num_layers=2',
    'model.loss.target=smoothed',
]
_CONTEXTS = ('all', 'single', 'neighbors')

#: Labels of six of the 36 classes, one of each object and of each motion.
UNSEEN = range(0, 36, 7)


class Variant(NamedTuple):
    """What a variant differs in; by default one of MGDM.

    Args:
        options (list[str]): Options of the config.
        config (str, optional): The config.
        negatives (str, optional): Which negatives: 'frozen CLIP' for the file of the config, or one
            of :func:`_make_negatives`. Defaults to 'frozen CLIP'.
        common (list[str], optional): Options that ``options`` overrule.
        contexts (tuple[str, ...], optional): What stands beside a class at test time, in turn.
        unseen (bool): Train without texts and videos of :data:`UNSEEN`. Defaults to False.
    """

    options: list[str]
    config: str = _CONFIG
    negatives: str = 'frozen CLIP'
    common: list[str] = _COMMON
    contexts: tuple[str, ...] = _CONTEXTS
    unseen: bool = False


def _other(config: str, *options: str, unseen: bool = False) -> Variant:
    """Return a variant of a method without a discriminator, so that there is one context."""
    return Variant([*options], config, common=[], contexts=_CONTEXTS[:1], unseen=unseen)


_K7 = 'k=7'
_NO_REPRESENTER = ['model.neck.num_layers=0', 'model.neck.attention=uniform']
_NO_DISCRIMINATOR = ['model.cls_head.discriminator.num_layers=0']
_CROSS_ENTROPY = 'model.class_loss.type=ClassTextLoss'
_SLOW_DISCRIMINATOR = ['optim_wrapper.paramwise_cfg.custom_keys.discriminator.lr_mult=0.1']

#: Name -> variant.
VARIANTS = {
    'k = 0': Variant(['k=0']),
    'k = 3': Variant(['k=3']),
    'k = 5': Variant(['k=5']),
    'k = 7': Variant([_K7]),
    'k = 3 (bot)': Variant(['k=3', f'{_ATTACH}.start=7']),
    'k = 7, no representer': Variant([_K7, *_NO_REPRESENTER]),
    'k = 7, no discriminator': Variant([_K7, *_NO_DISCRIMINATOR]),
    'k = 7, discriminator of 1 block': Variant([_K7, 'model.cls_head.discriminator.num_layers=1']),
    'k = 7, discriminator at 0.1 x lr': Variant([_K7, *_SLOW_DISCRIMINATOR]),
    'k = 7, exact target': Variant([_K7, 'model.loss.target=exact']),
    'k = 7, V renormalised': Variant([_K7, 'model.neck.normalize_video=True']),
    # Beyond the paper: which negatives, and where they come from.
    'k = 7 of ranks 1 to 14': Variant([_K7, f'{_ATTACH}.pool=14']),
    'k = 7 of ranks 1 to 14 by score': Variant(
        [_K7, f'{_ATTACH}.pool=14', f'{_ATTACH}.temperature=0.01']
    ),
    'k = 7 of ranks 4 to 14 (semi-hard)': Variant(
        [_K7, f'{_ATTACH}.start=4', f'{_ATTACH}.pool=11']
    ),
    'k = 7, by text alone': Variant([_K7], negatives='text'),
    'k = 7, by the graph': Variant([_K7], negatives='graph'),
    'k = 7, by the confusions of k = 0': Variant([_K7], negatives='confusions'),
    'k = 7, by a trained k = 7': Variant([_K7], negatives='trained'),
    'k = 7, again every 5 epochs': Variant([_K7], config='configs/toy/mgdm_toy_mine-again.py'),
    'mean of the frames, k = 0': Variant(['k=0', *_NO_REPRESENTER, *_NO_DISCRIMINATOR]),
    # Without mining, and with what mining is up against.
    'classifier over all class texts': _other(f'{_BASELINES}/classifier.py'),
    'ActionCLIP-like': _other(f'{_BASELINES}/actionclip.py'),
    'ViFi-CLIP-like': _other(f'{_BASELINES}/vificlip.py'),
    'k = 7 plus cross-entropy': Variant([_K7, _CROSS_ENTROPY]),
    'k = 0 plus cross-entropy': Variant(['k=0', _CROSS_ENTROPY]),
    'KG-CLIP': _other(_KGCLIP),
    'KG-CLIP, no graph': _other(_KGCLIP, 'model.relations=[v-a]'),
    'KG-CLIP, no triplet loss': _other(_KGCLIP, 'model.triplet_weight=0'),
    'KG-CLIP, plain mean of the frames': _other(_KGCLIP, 'model.neck.temporal_layers=0'),
    'KG-CLIP, no deviation': _other(_KGCLIP, 'model.neck.deviation=none'),
    'ASU': _other(_ASU),
    'ASU, R = 0': _other(_ASU, 'model.regions.num_regions=0'),
    'ASU, learned queries': _other(_ASU, 'model.neck.query=learned'),
    'ASU, random words': _other(_ASU, 'model.units.file=toy_random'),
    'ASU, no decoder': _other(_ASU, 'model.neck.num_layers=0'),
    'ASU, hard negatives': _other(_ASU, _K7, 'model.contrastive.type=AugmentedContrastiveLoss'),
    # Trained on 30 of the classes: who recognises the other six?
    'k = 0, unseen': _other(_CONFIG, 'k=0', *_NO_DISCRIMINATOR, unseen=True),
    'classifier over all class texts, unseen': _other(f'{_BASELINES}/classifier.py', unseen=True),
    'ASU, unseen': _other(_ASU, unseen=True),
    'ASU, R = 0, unseen': _other(_ASU, 'model.regions.num_regions=0', unseen=True),
    'ASU, learned queries, unseen': _other(_ASU, 'model.neck.query=learned', unseen=True),
    'ASU, random words, unseen': _other(_ASU, 'model.units.file=toy_random', unseen=True),
}
_CONTEXT = 'model.cls_head.context'
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
    from mgdm_mmaction.toy.scores import read_scores

    folder, variant = _folder(name, seed, out), VARIANTS[name]

    def trained(other: str) -> str:
        _run(other, seed, out, options)
        return _checkpoint(_folder(other, seed, out))

    changes = [
        '--cfg-options',
        'default_hooks.checkpoint.save_best=None',
        *variant.common,
        *variant.options,
        *options,
    ]
    if variant.negatives != 'frozen CLIP':
        file = _make_negatives(variant.negatives, folder, trained, options)
        changes.append(f'{_ATTACH}.negatives_file={file}')
    train, test = (locate(file) for file in ('tools/train.py', 'tools/test.py'))
    config = locate(variant.config)
    # One thread: as many trainings as cores use them better.
    environment = dict(OMP_NUM_THREADS='1', MGDM_DATASET='toy')
    seen = _seen_classes(folder) if variant.unseen else []
    run_command(
        [train, config, '--work-dir', str(folder), '--seed', str(seed), '--no-validate']
        + [*changes, *seen],
        folder / 'train.log',
        environment=environment,
    )
    if variant.unseen:
        changes.append('model.cls_head.open_vocabulary=True')
    results = {}
    for context in variant.contexts:
        dump = folder / f'{context}.pkl'
        run_command(
            [test, config, _checkpoint(folder), '--work-dir', str(folder), '--dump', str(dump)]
            + [*changes, f'{_CONTEXT}={context}'],
            folder / f'test_{context}.log',
            environment=environment,
        )
        results[context] = read_scores(dump, UNSEEN if variant.unseen else None)._asdict()
        if variant.unseen:
            results['six alone'] = read_scores(dump, UNSEEN, among=UNSEEN)._asdict()
            seen = [label for label in range(36) if label not in UNSEEN]
            results['seen'] = read_scores(dump, seen)._asdict()
    return results


def _seen_classes(folder: Path) -> list[str]:
    """Write classes and training list without :data:`UNSEEN`; return the options that take them."""
    names = (_data() / 'classes.txt').read_text().splitlines()
    rows = [line.rsplit(' ', 1) for line in (_data() / 'train_list.txt').read_text().splitlines()]
    seen = [label for label in range(len(names)) if label not in UNSEEN]
    texts = {
        'seen_classes.txt': [names[label] for label in seen],
        'seen_list.txt': [f'{p} {seen.index(int(x))}' for p, x in rows if int(x) in seen],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in texts.items():
        (folder / name).write_text('\n'.join(lines) + '\n')
    return [
        f'model.cls_head.classes={folder}/seen_classes.txt',
        f'train_dataloader.dataset.ann_file={folder}/seen_list.txt',
    ]


def _data() -> Path:
    return Path(os.environ.get('MGDM_DATA', 'data')) / 'toy'


def _make_negatives(
    kind: str,
    folder: Path,
    trained: Callable[[str], str],
    options: list[str],
) -> str:
    """Mine a file of negatives with the commands of the package.

    Kinds: 'text', nearest labels by text; 'graph', classes by shared movements; 'confusions', by
    class, what a model trained with k = 0 takes the training videos for; 'trained', by video, what
    a model trained with k = 7 confuses.
    """
    out = folder / f'negatives_{kind}.jsonl'
    if out.exists():
        return str(out)
    mine, test, config = (
        locate(file) for file in ('tools/mine_negatives.py', 'tools/test.py', _CONFIG)
    )
    changes = ['--cfg-options', *options] if options else []
    data = os.path.join(os.environ.get('MGDM_DATA', 'data'), 'toy')
    if kind == 'text':
        how = ['--text-only']
    elif kind == 'graph':
        how = ['--graph', f'{data}/graph.json']
    elif kind == 'trained':
        how = ['--checkpoint', trained('k = 7')]
    else:
        dump = folder / 'confusions.pkl'
        # The training videos: those of the test are what the result is reported on.
        run_command(
            [test, config, trained('k = 0'), '--work-dir', str(folder), '--dump', str(dump)]
            + ['--cfg-options', f'test_dataloader.dataset.ann_file={_data()}/train_list.txt']
            + options,
            folder / 'test_on_training_videos.log',
        )
        how = ['--confusions', str(dump)]
    run_command(
        [mine, config, '--out', str(out), '--num-negatives', '16', *how, *changes],
        folder / 'mine.log',
    )
    return str(out)


def _checkpoint(folder: Path) -> str:
    return (folder / 'last_checkpoint').read_text().strip()


def _folder(name: str, seed: int, out: Path) -> Path:
    slug = ''.join(char if char.isalnum() else '_' for char in name)
    return out / f'{slug}_seed{seed}'


def _table(variants: Sequence[str], seeds: Sequence[int], out: Path) -> str:
    """Mean and standard deviation over the seeds, in Markdown; unseen classes are a second one."""
    columns = {
        'top-1, context all': ('all', 'top1'),
        'single': ('single', 'top1'),
        'neighbors': ('neighbors', 'top1'),
        'top-5': ('all', 'top5'),
        'object': ('all', 'object'),
        'motion': ('all', 'motion'),
    }
    unseen = {
        'top-1 of the unseen, among 36': ('all', 'top1'),
        'among six': ('six alone', 'top1'),
        'object': ('all', 'object'),
        'motion': ('all', 'motion'),
        'top-1 of the seen, among 36': ('seen', 'top1'),
    }
    lines = []
    for cells, names in (
        (columns, [name for name in variants if not VARIANTS[name].unseen]),
        (unseen, [name for name in variants if VARIANTS[name].unseen]),
    ):
        for name in names:
            if name == names[0]:
                lines += ['', f'| variant | {" | ".join(cells)} |', '|---' * (len(cells) + 1) + '|']
            results = [
                json.loads((_folder(name, seed, out) / 'result.json').read_text()) for seed in seeds
            ]
            row = [
                _mean([r[context][key] for r in results]) if context in results[0] else ''
                for context, key in cells.values()
            ]
            lines.append(f'| {name} | {" | ".join(row)} |')
    return '\n'.join(lines[1:])


def _mean(values: Sequence[float]) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f'{100 * statistics.mean(values):.1f} ± {100 * spread:.1f}'
