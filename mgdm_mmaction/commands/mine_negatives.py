"""The command line of the miner."""

import argparse
import sys
from typing import TYPE_CHECKING

from ..errors import MGDMError
from .common import add_cfg_options, add_device, add_output

if TYPE_CHECKING:
    from ..config import Attach, ParsedConfig
    from ..mining import MiningSummary
    from ..negatives import NegativesFile

__all__ = ['main']


def main(argv: list[str] | None = None) -> None:
    """Mine or check a negatives file."""
    args = _parse(argv)
    if args.check is not None:
        from ..negatives import read_negatives

        print(read_negatives(args.check))
        return
    if args.config is None:
        raise MGDMError('no CONFIG given; try: python tools/mine_negatives.py CONFIG --out FILE')
    ways = {
        '--checkpoint': args.checkpoint,
        '--confusions': args.confusions,
        '--graph': args.graph,
        '--text-only': args.text_only,
    }
    if len(given := [name for name, value in ways.items() if value]) > 1:
        raise MGDMError(f'{" and ".join(given)} are different ways to mine; choose one.')
    from ..config import read_config

    cfg = read_config(args.config, args.cfg_options)
    attach = cfg.attach
    out = args.out or (attach and attach.negatives_file)
    if out is None:
        raise MGDMError('no --out FILE given, and the config names no negatives_file either.')
    summary = _mine(args, cfg, out)
    if summary is not None:
        print(summary)
        _print_next(args.config, attach, out, summary.k)


def _mine(
    args: argparse.Namespace, cfg: 'ParsedConfig', out: str
) -> 'MiningSummary | NegativesFile | None':
    from .. import mining

    options = {name: getattr(args, name) for name in ('num_negatives', 'split', 'overwrite')}
    if args.confusions:
        return mining.mine_confusions(cfg, args.confusions, out, **options)
    if args.graph:
        return mining.mine_graph(cfg, args.graph, out, **options)
    options['duplicate_threshold'] = args.duplicate_threshold
    if args.text_only:
        return mining.mine_text_only(cfg, out, **options)
    for name in ('device', 'batch_size', 'num_workers', 'max_bad_fraction', 'precision'):
        options[name] = getattr(args, name)
    process = args.process and mining.parse_process(args.process)
    try:
        summary = mining.mine(cfg, out, checkpoint=args.checkpoint, process=process, **options)
    except KeyboardInterrupt:
        if mining.is_unfinished(out):
            print(f'{out}.parts keeps what is finished; the same command resumes.', file=sys.stderr)
        raise
    if summary is None:
        print(f'This process is done. {out} is written.')
    return summary


def _print_next(config: str, attach: 'Attach | None', out: str, mined: int) -> None:
    if attach is None:
        print(f'{config} attaches no negatives: the file is for one of the same labels that does.')
        return
    k, wanted = attach.k, attach.negatives_file
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
    add_output(parser, 'negatives file to write; the one that the config reads by default')
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
        '--graph',
        metavar='GRAPH',
        help='no CLIP: by class, those that share most movements with it in a graph (tools/'
        'build_graph.py, or packaged: jhmdb21; not the paper)',
    )
    parser.add_argument(
        '--text-only',
        action='store_true',
        help='no video: by class, the nearest labels by text (not the paper; a control, and for '
        'when the videos cannot be mined)',
    )
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    add_device(parser)
    parser.add_argument(
        '--precision',
        choices=['float32', 'bfloat16'],
        help='of the image tower. Default: bfloat16 on CUDA, else float32',
    )
    parser.add_argument(
        '--process',
        metavar='I/N',
        help='be process I of N that share the work through the folder OUT.parts; torchrun and '
        'srun number them by themselves',
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
    add_cfg_options(parser)
    return parser.parse_args(argv)
