"""The command line that takes negatives to a table and back."""

import argparse
import os.path as osp

from ..errors import MGDMError

__all__ = ['main']


def main(argv: list[str] | None = None) -> None:
    """Export or import negatives, as the names of the two files say."""
    args = _parse(argv)
    from ..negatives.exchange import export_negatives, import_negatives
    from ..negatives.tables import kind_of

    exports, imports = kind_of(args.source) == 'jsonl', kind_of(args.out) == 'jsonl'
    if exports == imports:
        raise MGDMError(
            f'{args.source} to {args.out}: one of the two should be a negatives file (.jsonl), the '
            'other one a table (.csv or .parquet).'
        )
    if exports:
        options = ('config', 'ann_file', 'num_negatives')
        if wrong := [name for name in options if getattr(args, name) is not None]:
            raise MGDMError(
                f'--{wrong[0].replace("_", "-")} is for importing a table; an export writes what '
                'the negatives file holds.'
            )
        count = export_negatives(args.source, args.out, args.names, args.overwrite)
        print(f'{args.out}: {count} rows')
        return
    if args.names:
        raise MGDMError('--names is for an export; an import reads names and ids alike.')
    if args.config is None:
        if args.ann_file is not None:
            raise MGDMError('--ann-file needs --config, which says how the list is to be read.')
        options = dict(num_negatives=args.num_negatives, overwrite=args.overwrite)
        print(import_negatives(args.source, args.out, **options))
        return
    from mmaction.utils import register_all_modules

    from ..config import read_config
    from ..mining.videos import MiningVideos

    cfg = read_config(args.config)
    if args.ann_file is not None:
        # Read as the first data set of the config reads its own.
        first = cfg.require_datasets(args.split)[0]
        cfg.config[f'{args.split}_dataloader']['dataset'] = {
            **first,
            'ann_file': osp.abspath(args.ann_file),
        }
    register_all_modules(init_default_scope=True)
    videos = MiningVideos(cfg, args.split)
    pairs = [(videos.path_of(i), int(label)) for i, label in enumerate(videos.labels)]
    options = (args.num_negatives, videos.digest, args.overwrite)
    print(import_negatives(args.source, args.out, cfg.corpus, pairs, *options))


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description='Turn a negatives file (.jsonl) into a table (.csv, .parquet), or a table, '
        'made here or elsewhere, into a negatives file.'
    )
    parser.add_argument('source', metavar='IN', help='.jsonl to export, .csv or .parquet to import')
    parser.add_argument('out', metavar='OUT', help='.csv or .parquet, or .jsonl')
    parser.add_argument(
        '--names', action='store_true', help='export class names and labels instead of their ids'
    )
    parser.add_argument(
        '--config',
        metavar='CONFIG',
        help='import: whose labels the table names, and whose videos get the rows of a table with '
        'a row a class. Not needed for a table that was exported',
    )
    parser.add_argument(
        '--ann-file', metavar='LIST', help='import: the videos of this list, not of the config'
    )
    parser.add_argument('--split', choices=['train', 'val', 'test'], default='train')
    parser.add_argument(
        '--num-negatives',
        type=int,
        metavar='K',
        help='import: take the first K of each row. Default: all',
    )
    parser.add_argument('--overwrite', action='store_true', help='replace OUT if it exists')
    return parser.parse_args(argv)
