"""The command line of dumping features."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.dist import all_gather_object, is_main_process

from ..apis.checks import check_data
from ..apis.common import load_config, merge_options
from ..apis.test import build_test_runner
from ..checkpoint import read_checkpoint_facts
from ..errors import MGDMError, require_file
from ..export.feature_files import FORMATS, TABLES, FeatureFolder, FeatureTable
from ..export.features import (
    STAGES,
    TEMPORAL,
    broken_videos,
    iterate_features,
    names_of,
    pool_features,
    prepare_pipeline,
)
from ..export.metadata import plain
from ..version import __version__
from .common import add_runner_arguments

__all__ = ['main']

# Endings of files: who gives one as --out does not expect a folder of that name.
_FILES = ('.npy', '.pkl', '.pickle', '.pt', '.pth', '.json', '.txt', '.tsv', '.h5', '.parquet')


def main(argv: Sequence[str] | None = None) -> None:
    """Dump features of the videos of a test list.

    Args:
        argv (Sequence[str], optional): Arguments; None takes those of the process. Defaults to
            None.

    Raises:
        MGDMError: If an argument, the data or the checkpoint is missing or wrong.
        SystemExit: With code 1 if some videos cannot be read; the others have their features.
    """
    args = _parse(argv)
    cfg = _prepare(args)
    out = _open(args, _settings(args, cfg))
    total, left = _skip_done(cfg, out)
    written: set[str] = set()
    broken: dict[str, str] = {}
    if left:
        runner, _ = build_test_runner(cfg, args.config)
        for clip in iterate_features(runner, 'head' if args.dump_score else args.stage):
            if clip.features is not None:
                out.add(clip.name, clip.label, _pool(args, clip.features))
                written.add(clip.name)
        # Every rank has a part of the videos, and some of them twice, so that all have as many.
        for names, reasons in all_gather_object((written, dict(broken_videos(runner)))):
            written |= names
            broken.update(reasons)
    out.close()
    if is_main_process():
        print(
            f'{len(written)} videos written to {args.out}, {total - left} were there, {total} in '
            'the list'
        )
        if broken:
            print(f'no features for {len(broken)} of {total}:', file=sys.stderr)
            for path, reason in broken.items():
                print(f'  {path}: {reason}', file=sys.stderr)
    if broken:
        raise SystemExit(1)


def _open(args: argparse.Namespace, settings: dict) -> FeatureFolder | FeatureTable:
    if args.out.suffix in TABLES:
        return FeatureTable(args.out, settings, args.overwrite)
    return FeatureFolder(args.out, args.format, settings, args.overwrite)


def _pool(args: argparse.Namespace, features: torch.Tensor):
    if args.dump_score:
        return pool_features(features.softmax(-1), 'head', views=args.multi_view)
    return pool_features(features, args.stage, args.temporal_type, args.multi_view)


def _skip_done(cfg: Config, out: FeatureFolder | FeatureTable) -> tuple[int, int]:
    """Leave out the videos whose features are there; return how many there were and are left."""
    config = cfg.test_dataloader.dataset
    names = [name for name, _ in names_of(DATASETS.build({**config, 'pipeline': []}))]
    left = [index for index, name in enumerate(names) if not out.has(name)]
    if 0 < len(left) < len(names):
        config.indices = left
    return len(names), len(left)


def _prepare(args: argparse.Namespace) -> Config:
    cfg = load_config(args)
    require_file(args.checkpoint, 'checkpoint')
    cfg.load_from, cfg.resume = args.checkpoint, False
    merge_options(cfg, args)
    if not cfg.get('test_dataloader') or 'dataset' not in cfg.test_dataloader:
        raise MGDMError(f'{args.config}: there is no test_dataloader with a dataset')
    dataset = cfg.test_dataloader.dataset
    if args.video_list is not None:
        dataset.ann_file = args.video_list
    if args.video_root is not None:
        key = next(iter(dataset.get('data_prefix') or {'video': None}))
        dataset.data_prefix = {key: args.video_root}
    if args.long_video_mode:
        prepare_pipeline(cfg, args.clip_interval, args.frame_interval)
        # Videos of different length have different numbers of clips.
        cfg.test_dataloader.batch_size = 1
    else:
        prepare_pipeline(cfg)
    cfg.test_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
    cfg.test_evaluator = cfg.get('test_evaluator') or []
    cfg.test_cfg = cfg.get('test_cfg') or dict(type='TestLoop')
    check_data(cfg, 'test', args.config)
    return cfg


def _settings(args: argparse.Namespace, cfg: Config) -> dict:
    """What the features depend on, so that a folder never holds two kinds."""
    return {
        'checkpoint': Path(args.checkpoint).name,
        'checkpoint_digest': read_checkpoint_facts(args.checkpoint).digest,
        'stage': 'probabilities' if args.dump_score else args.stage,
        'temporal_type': None if args.dump_score or args.stage == 'head' else args.temporal_type,
        'views': 'each' if args.multi_view else 'mean',
        'pipeline': plain(cfg.test_dataloader.dataset.pipeline),
        'format': args.out.suffix[1:] if args.out.suffix in TABLES else args.format,
        'package_version': __version__,
    }


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'dump_features.py',
        description='Write features of the videos of the test list, as clip_feature_extraction.py '
        'of MMAction2 does: a file a video, or one table. A folder is gone on with where a run was '
        'stopped.',
        epilog='Exit status: 0 all videos have features, 1 some cannot be read (they are listed, '
        'the others have theirs), 2 an argument is wrong.',
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--out',
        required=True,
        type=Path,
        metavar='OUT',
        help='folder for a file a video, under its path in the list; or one table, .npz or .csv',
    )
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default=FORMATS[0],
        help='of the files in a folder: a pickled tensor as MMAction2 writes it, numpy, or a table '
        'with a title, which its LoadLocalizationFeature reads. Defaults to pkl',
    )
    parser.add_argument(
        '--stage',
        choices=STAGES,
        default='neck',
        help="backbone: CLIP's embeddings of frames; neck: the deep ones of eq. 14; head: logits. "
        'Defaults to neck',
    )
    parser.add_argument(
        '--temporal-type',
        choices=TEMPORAL,
        default='avg',
        help='over the frames of a clip: mean or maximum of unit vectors, or keep all of them. '
        'Defaults to avg',
    )
    parser.add_argument(
        '--multi-view', action='store_true', help='keep clips and crops apart, not their mean'
    )
    parser.add_argument(
        '--dump-score', action='store_true', help='probabilities of the classes, not features'
    )
    parser.add_argument(
        '--long-video-mode',
        action='store_true',
        help='a clip around every --clip-interval frames of a video, kept apart: [clips, ...]',
    )
    parser.add_argument('--clip-interval', type=int, help='frames from one clip to the next')
    parser.add_argument(
        '--frame-interval', type=int, default=1, help='frames between two of a clip. Defaults to 1'
    )
    parser.add_argument('--video-list', help="list instead of the config's")
    parser.add_argument('--video-root', help="folder of the videos instead of the config's")
    parser.add_argument('--overwrite', action='store_true', help='compute what is there anew')
    add_runner_arguments(parser)
    args = parser.parse_args(argv)
    _check(args)
    return args


def _check(args: argparse.Namespace) -> None:
    is_table = args.out.suffix in TABLES
    if args.out.suffix.lower() in _FILES and not is_table and not args.out.is_dir():
        raise MGDMError(
            f'--out {args.out}: expected a folder, or a table that ends in {" or ".join(TABLES)}. '
            f'--format ({", ".join(FORMATS)}) says how each file in a folder is written'
        )
    if args.long_video_mode and (args.clip_interval is None or args.clip_interval < 1):
        raise MGDMError('--long-video-mode needs --clip-interval, a number of frames from 1')
    if args.clip_interval is not None and not args.long_video_mode:
        raise MGDMError('--clip-interval belongs to --long-video-mode, which is not given')
    if args.frame_interval < 1:
        raise MGDMError(f'--frame-interval should be at least 1, got {args.frame_interval}')
    if is_table and args.long_video_mode:
        raise MGDMError(
            'videos of different length have different numbers of clips, which no table holds: '
            'name a folder with --out'
        )
    if is_table and args.launcher != 'none':
        raise MGDMError('a table is written by one process: name a folder with --out')
    args.multi_view = args.multi_view or args.long_video_mode
    scores = args.dump_score or args.stage == 'head'
    axes = 1 + (args.multi_view or False) + (not scores and args.temporal_type == 'keep')
    suffix = args.out.suffix[1:] if is_table else args.format
    if suffix == 'csv' and axes > (1 if is_table else 2):
        raise MGDMError(
            f'features of {axes} axes do not fit into csv; take another format, --temporal-type '
            'avg, or no --multi-view'
        )
