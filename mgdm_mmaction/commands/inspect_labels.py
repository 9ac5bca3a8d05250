"""The command line that shows the labels of a config."""

import argparse

from mmengine.config import DictAction

from ..errors import MGDMError
from ..mining.labels import inspect_labels, write_extra_labels
from ..mining.miner import read_config

__all__ = ['main']


def main(argv: list[str] | None = None) -> None:
    """Show the corpus of a config and its near-duplicates, and write a smaller one.

    Args:
        argv (list[str], optional): Arguments; None takes those of the process. Defaults to None.

    Raises:
        MGDMError: See :func:`mgdm_mmaction.mining.labels.inspect_labels`.
    """
    args = _parse(argv)
    cfg = read_config(args.config)
    if args.cfg_options is not None:
        try:
            cfg.merge_from_dict(args.cfg_options)
        except Exception as error:
            keys = ', '.join(args.cfg_options)
            raise MGDMError(f'--cfg-options {keys} does not fit {args.config}: {error}') from error
    report = inspect_labels(cfg, args.threshold, args.top)
    print(report)
    if args.write_extra is not None:
        dropped = write_extra_labels(report, args.write_extra, args.overwrite)
        labels = report.corpus.labels
        for pair in dropped:
            print(f'dropped {labels[pair.second]!r}: {labels[pair.first]!r} ({pair.cosine:.4f})')
        print(
            f'{args.write_extra}: written. Let model.cls_head.extra_labels be this file, then mine.'
        )


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Show the labels that negatives are mined from: counts by source, merged '
        'spellings, and pairs that read alike to the frozen text tower.'
    )
    parser.add_argument('config', help='config whose labels are shown')
    parser.add_argument(
        '--threshold', type=float, metavar='COSINE', help='near-duplicates are alike by this much'
    )
    parser.add_argument('--top', type=int, default=20, help='pairs to print. Default: 20')
    parser.add_argument(
        '--write-extra',
        metavar='FILE',
        help='merge: write the extra labels without near-duplicates, for extra_labels of the head',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace FILE if it exists')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, metavar='KEY=VALUE', help='change the config'
    )
    return parser.parse_args(argv)
