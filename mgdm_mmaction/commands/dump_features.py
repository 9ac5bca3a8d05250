"""The command line of dumping features."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import MGDMError, require_file
from .common import add_runner_arguments

__all__ = ['main']

_TABLES = ('.npz', '.csv')


def main(argv: Sequence[str] | None = None) -> None:
    """Dump features of the videos of a test list."""
    args = _parse(argv)

    from mmengine.dist import all_gather_object, is_main_process

    from ..apis.test import build_test_runner
    from ..export.feature_files import FeatureFolder, FeatureTable
    from ..export.features import broken_videos, iterate_features, pool_features

    cfg = _prepare(args)
    settings = _settings(args, cfg)
    if args.out.suffix in _TABLES:
        out = FeatureTable(args.out, settings, args.overwrite)
    else:
        out = FeatureFolder(args.out, args.format, settings, args.overwrite)
    total, left = _skip_done(cfg, out)
    written: set[str] = set()
    broken: dict[str, str] = {}
    if left:
        runner, _ = build_test_runner(cfg)
        for clip in iterate_features(runner, settings['stage']):
            if clip.features is not None:
                pooled = pool_features(clip.features, args.temporal_type, args.multi_view)
                out.add(clip.name, clip.label, pooled)
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


def _skip_done(cfg, out) -> tuple[int, int]:
    """Leave out the videos whose features are there; return how many there were and are left."""
    from mmaction.registry import DATASETS

    from ..export.features import names_of

    config = cfg.config.test_dataloader.dataset
    names = [name for name, _ in names_of(DATASETS.build({**config, 'pipeline': []}))]
    left = [index for index, name in enumerate(names) if not out.has(name)]
    if 0 < len(left) < len(names):
        config.indices = left
    return len(names), len(left)


def _prepare(args: argparse.Namespace):
    from ..apis.runner import check_data, read_run_config
    from ..export.features import prepare_pipeline

    cfg = read_run_config(args)
    config = cfg.config
    require_file(args.checkpoint, 'checkpoint')
    config.load_from, config.resume = args.checkpoint, False
    cfg.merge(args.cfg_options)
    cfg.require_datasets('test')
    dataset = config.test_dataloader.dataset
    if args.video_list is not None:
        dataset.ann_file = args.video_list
    if args.video_root is not None:
        key = next(iter(dataset.get('data_prefix') or {'video': None}))
        dataset.data_prefix = {key: args.video_root}
    prepare_pipeline(cfg, args.clip_interval if args.long_video_mode else None, args.frame_interval)
    if args.long_video_mode:
        # Videos of different length have different numbers of clips.
        config.test_dataloader.batch_size = 1
    config.test_dataloader.sampler = dict(type='DefaultSampler', shuffle=False)
    config.test_evaluator = config.get('test_evaluator') or []
    config.test_cfg = config.get('test_cfg') or dict(type='TestLoop')
    check_data(cfg, 'test')
    return cfg


def _settings(args: argparse.Namespace, cfg) -> dict:
    """What the features depend on, so that a folder never holds two kinds."""
    from ..checkpoint import Checkpoint
    from ..export.metadata import plain
    from ..version import __version__

    return {
        'checkpoint': Path(args.checkpoint).name,
        'checkpoint_digest': Checkpoint({}, args.checkpoint).digest,
        'stage': 'probabilities' if args.dump_score else args.stage,
        'temporal_type': None if args.dump_score or args.stage == 'head' else args.temporal_type,
        'views': 'each' if args.multi_view else 'mean',
        'pipeline': plain(cfg.config.test_dataloader.dataset.pipeline),
        'format': args.out.suffix[1:] if args.out.suffix in _TABLES else args.format,
        'package_version': __version__,
    }


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        'dump_features.py',
        description='Write features of the videos of the test list, as clip_feature_extraction.py '
        'of MMAction2 does: a file a video, or one table. A run that was stopped can be continued '
        'in its folder.',
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
        choices=['pkl', 'npy', 'csv'],
        default='pkl',
        help='of the files in a folder: a pickled tensor as MMAction2 writes it, numpy, or a table '
        'with a title, which its LoadLocalizationFeature reads. Defaults to pkl',
    )
    parser.add_argument(
        '--stage',
        choices=['backbone', 'neck', 'video', 'head'],
        default='neck',
        help="backbone: CLIP's embeddings of frames; neck: the deep ones of eq. 14; video: what "
        'the method compares with texts; head: logits. Defaults to neck',
    )
    parser.add_argument(
        '--temporal-type',
        choices=['avg', 'max', 'keep'],
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
    is_table = args.out.suffix in _TABLES
    if args.out.suffix in ('.npy', '.pkl'):
        raise MGDMError(
            f'--out {args.out}: expected a folder, or a table that ends in {" or ".join(_TABLES)}; '
            '--format sets how each file in a folder is written'
        )
    if args.long_video_mode and (args.clip_interval or 0) < 1:
        raise MGDMError('--long-video-mode needs --clip-interval, a number of frames from 1')
    if is_table and args.long_video_mode:
        raise MGDMError(
            'videos of different length have different numbers of clips, which no table holds: '
            'name a folder with --out'
        )
    if is_table and args.launcher != 'none':
        raise MGDMError('a table is written by one process: name a folder with --out')
    args.multi_view = args.multi_view or args.long_video_mode
    scores = args.dump_score or args.stage == 'head'
    axes = 1 + args.multi_view + (not scores and args.temporal_type == 'keep')
    if (args.out.suffix if is_table else f'.{args.format}') == '.csv' and axes > 2 - is_table:
        raise MGDMError(
            f'features of {axes} axes do not fit into csv; take another format, --temporal-type '
            'avg, or no --multi-view'
        )
