"""The command line that takes negatives to a table and back."""

import argparse
import os.path as osp

from mmaction.utils import register_all_modules
from mmengine.config import Config

from ..datasets.annotations import check_dataset, unwrap_datasets
from ..errors import MGDMError
from ..mining.miner import corpus_of, read_config
from ..mining.videos import MiningVideos, joint_digest
from ..negatives.exchange import export_negatives, import_negatives
from ..negatives.tables import kind_of

__all__ = ['main']


def main(argv: list[str] | None = None) -> None:
    """Export or import negatives, as the names of the two files say.

    Args:
        argv (list[str], optional): Arguments; None takes those of the process. Defaults to None.

    Raises:
        MGDMError: If the files do not fit, see :mod:`mgdm_mmaction.negatives.exchange`.
    """
    args = _parse(argv)
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
    cfg = read_config(args.config)
    corpus = corpus_of(cfg)
    videos, digest = _videos(cfg, args.split, args.ann_file, len(corpus.classes))
    print(
        import_negatives(
            args.source, args.out, corpus, videos, args.num_negatives, digest, args.overwrite
        )
    )


def _videos(
    cfg: Config, split: str, ann_file: str | None, num_classes: int
) -> tuple[list[tuple[str, int]], str]:
    """Return paths and labels of the videos of a config, and the digest of their lists."""
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise MGDMError(f'the config has no {split}_dataloader; the videos are those of its list.')
    if ann_file is not None:
        # Read as the first data set of the config reads its own.
        inner = next(unwrap_datasets(loader['dataset']))
        loader['dataset'] = {**inner, 'ann_file': osp.abspath(ann_file)}
    register_all_modules(init_default_scope=True)
    lists = check_dataset(loader['dataset'], num_classes)
    videos = MiningVideos(cfg, split, num_classes)
    pairs = [(videos.path_of(i), int(label)) for i, label in enumerate(videos.labels)]
    return pairs, joint_digest([item.digest for item in lists])


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
