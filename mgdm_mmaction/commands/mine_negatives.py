"""The command line of the miner."""

import argparse
import sys
from collections.abc import Iterator, Mapping

from mmengine.config import Config, DictAction

from ..datasets.annotations import unwrap_datasets
from ..errors import MGDMError
from ..mining.confusions import mine_confusions
from ..mining.ledger import is_unfinished
from ..mining.miner import mine, read_config
from ..mining.precision import PRECISIONS
from ..mining.processes import parse_process
from ..mining.summary import MiningSummary
from ..mining.text_only import mine_text_only
from ..negatives import validate_negatives

__all__ = ['main']


def main(argv: list[str] | None = None) -> None:
    """Mine or check a negatives file.

    Args:
        argv (list[str], optional): Arguments; None takes those of the process. Defaults to None.

    Raises:
        MGDMError: See :func:`mgdm_mmaction.mining.mine`.
    """
    args = _parse(argv)
    if args.check is not None:
        print(validate_negatives(args.check))
        return
    if args.config is None:
        raise MGDMError('no CONFIG given; try: python tools/mine_negatives.py CONFIG --out FILE')
    cfg = read_config(args.config)
    if args.cfg_options is not None:
        try:
            cfg.merge_from_dict(args.cfg_options)
        except Exception as error:
            keys = ', '.join(args.cfg_options)
            raise MGDMError(f'--cfg-options {keys} does not fit {args.config}: {error}') from error
    attach = _attach(cfg)
    wanted = attach.get('negatives_file')
    out = args.out or wanted
    if out is None:
        raise MGDMError('no --out FILE given, and the config names no negatives_file either.')
    ways = {'--confusions': args.confusions, '--checkpoint': args.checkpoint}
    ways['--text-only'] = args.text_only or None
    if len(given := [name for name, value in ways.items() if value is not None]) > 1:
        raise MGDMError(f'{" and ".join(given)} are different ways to mine; choose one.')
    if args.text_only:
        options = (args.num_negatives, args.split, args.duplicate_threshold, args.overwrite)
        summary = mine_text_only(cfg, out, *options)
        print(summary)
        _print_next(args.config, attach, out, summary.header.k)
        return
    if args.confusions is not None:
        options = (args.num_negatives, args.split, args.overwrite)
        summary = mine_confusions(cfg, args.confusions, out, *options)
        print(summary)
        _print_next(args.config, attach, out, summary.header.k)
        return
    try:
        summary = _mine(args, cfg, out)
    except KeyboardInterrupt:
        if is_unfinished(out):
            print(f'{out}.parts keeps what is finished; the same command goes on.', file=sys.stderr)
        raise
    if summary is None:
        end = f'Another one has written {out}.'
        if is_unfinished(out):
            end = f'The last one to finish writes {out}; run it again if not.'
        print(f'This process is done. {end}')
        return
    print(summary)
    _print_next(args.config, attach, out, summary.k)


def _mine(args: argparse.Namespace, cfg: Config, out: str) -> MiningSummary | None:
    return mine(
        cfg,
        out,
        num_negatives=args.num_negatives,
        split=args.split,
        device=args.device,
        batch_size=args.batch_size,
        num_workers=args.num_workers,
        max_bad_fraction=args.max_bad_fraction,
        duplicate_threshold=args.duplicate_threshold,
        overwrite=args.overwrite,
        precision=args.precision,
        checkpoint=args.checkpoint,
        process=None if args.process is None else parse_process(args.process),
    )


def _print_next(config: str, attach: Mapping, out: str, mined: int) -> None:
    k, wanted = attach.get('k', 7) if attach else 0, attach.get('negatives_file')
    if k > mined:
        print(
            f'But the config trains against k={k}, and the file has {mined} a video: lower k of '
            'AttachHardNegatives, mine with a larger --num-negatives, or, where there are no more '
            'labels, add some (cls_head.extra_labels).'
        )
        return
    print(f'Next: python tools/train.py {config}')
    if wanted != out:
        print(
            f'(the config reads {wanted}; let negatives_file of AttachHardNegatives be {out}, '
            'or move the file)'
        )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Mine the labels that a frozen CLIP confuses each training video with.'
    )
    parser.add_argument('config', nargs='?', help='config whose training set is mined')
    parser.add_argument(
        '--out', help='negatives file to write; the one that the config reads by default'
    )
    parser.add_argument('--check', metavar='FILE', help='only check a negatives file')
    parser.add_argument(
        '--num-negatives',
        type=int,
        metavar='K',
        help='negatives a video. Default: 16, or as many as there are other labels',
    )
    parser.add_argument(
        '--checkpoint',
        metavar='FILE',
        help='mine with this checkpoint of the config instead of the frozen CLIP (not the paper)',
    )
    parser.add_argument(
        '--confusions',
        metavar='DUMP.pkl',
        help='no CLIP: by class, what a test run (tools/test.py --dump) confused it with (not the '
        'paper)',
    )
    parser.add_argument(
        '--text-only',
        action='store_true',
        help='no video: by class, the nearest labels by text (not the paper; a control, and for '
        'when the videos cannot be mined)',
    )
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument('--device', help='cuda, cpu, ...; CUDA by default where there is one')
    parser.add_argument(
        '--precision',
        choices=PRECISIONS,
        help='of the image tower. Default: bfloat16 on CUDA, else float32',
    )
    parser.add_argument(
        '--process',
        metavar='I/N',
        help='be process I of N that share the work through the folder OUT.parts; torchrun and '
        'srun tell by themselves',
    )
    parser.add_argument(
        '--batch-size', type=int, default=8, help='videos encoded together. Default: 8'
    )
    parser.add_argument(
        '--num-workers', type=int, default=2, help='processes that decode. Default: 2'
    )
    parser.add_argument(
        '--max-bad-fraction',
        type=float,
        default=0.01,
        help='unreadable videos to leave out before giving up. Default: 0.01',
    )
    parser.add_argument(
        '--duplicate-threshold',
        type=float,
        help='text cosine from which on two labels count as the same action. Default: only equal '
        'names do',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace --out if it exists')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='change the config'
    )
    return parser.parse_args(argv)


def _attach(cfg: Config) -> Mapping:
    """Return the step of the training pipeline that attaches negatives, empty if there is none."""
    loader = cfg.get('train_dataloader')
    for dataset in unwrap_datasets(loader['dataset']) if loader else ():
        for item in _transforms(dataset.get('pipeline', ())):
            if item.get('type') == 'AttachHardNegatives':
                return item
    return {}


def _transforms(pipeline: list) -> Iterator[Mapping]:
    for item in pipeline:
        if isinstance(item, Mapping):
            yield item
            yield from _transforms(item.get('transforms', ()))
