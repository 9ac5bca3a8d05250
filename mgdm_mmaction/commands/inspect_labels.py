"""The command line that shows the labels of a config."""

import argparse

from .common import add_cfg_options, add_output

__all__ = ['main']


def main(argv: list[str] | None = None) -> None:
    """Show the corpus of a config and its near-duplicates, and write a smaller one."""
    args = _parse(argv)
    from ..config import read_config
    from ..mining.labels import inspect_labels, write_extra_labels

    cfg = read_config(args.config, args.cfg_options)
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
    add_output(
        parser,
        'merge: write the extra labels without near-duplicates, for extra_labels of the head',
        '--write-extra',
        metavar='FILE',
    )
    add_cfg_options(parser)
    return parser.parse_args(argv)
