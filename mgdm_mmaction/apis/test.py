"""Testing, behind ``tools/test.py``."""

import argparse

from mmengine.config import Config
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..datasets.annotations import AnnotationSummary
from ..engine import without_fsdp
from ..errors import MGDMError, require_file
from .checks import check_data, views
from .common import build_runner, load_config, merge_options
from .confusable import add_metric, confusable_pairs

__all__ = ['build_test_runner', 'prepare_config', 'run_testing']


def prepare_config(args: argparse.Namespace) -> Config:
    """Read the config and set what the arguments say.

    Args:
        args (argparse.Namespace): Of ``tools/test.py``.

    Returns:
        Config: What :func:`run_testing` takes.

    Raises:
        MGDMError: If an argument or the config is wrong.
    """
    cfg = load_config(args)
    if args.dump is not None:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise MGDMError(f'--dump {args.dump}: the name should end in .pkl')
        add_metric(cfg, dict(type='DumpResults', out_file_path=args.dump))
    # The evaluator, which has protocols of its own, has no such argument.
    if getattr(args, 'confusable_pairs', None) is not None:
        add_metric(cfg, confusable_pairs(cfg, args.confusable_pairs, args.config))
    if args.checkpoint is not None:
        require_file(args.checkpoint, 'checkpoint')
        cfg.load_from = args.checkpoint
    cfg.resume = False
    merge_options(cfg, args)
    return cfg


def run_testing(cfg: Config, config_path: str = 'the config') -> dict:
    """Check a config and test its ``load_from``, or its initial weights where that is not set.

    Args:
        cfg (Config): Result of :func:`prepare_config`.
        config_path (str, optional): Its file, for messages. Defaults to 'the config'.

    Returns:
        dict: The metrics.

    Raises:
        MGDMError: If the data or the checkpoint is missing or wrong.
    """
    return build_test_runner(cfg, config_path)[0].test()


def build_test_runner(
    cfg: Config, config_path: str = 'the config'
) -> tuple[Runner, list[AnnotationSummary]]:
    """Check a config and build what tests it; its log says what is tested.

    Args:
        cfg (Config): Result of :func:`prepare_config`.
        config_path (str, optional): Its file, for messages. Defaults to 'the config'.

    Returns:
        tuple[Runner, list[AnnotationSummary]]: The runner, and what the test lists hold.

    Raises:
        MGDMError: If the data or the checkpoint is missing or wrong.
    """
    summaries = check_data(cfg, 'test', config_path)
    if cfg.get('load_from'):
        require_file(cfg.load_from, 'checkpoint')
    # No training here: its optimizer and its data need not be there.
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        cfg[key] = None
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    without_fsdp(cfg)
    runner = build_runner(cfg)
    if not cfg.get('load_from'):
        runner.logger.info("no checkpoint given: testing the model's initial weights")
        runner._init_model_weights()
    for line in _protocol(runner, summaries):
        runner.logger.info(line)
    return runner, summaries


def _protocol(runner: Runner, summaries: list) -> list[str]:
    """What a reader needs to know to compare two results."""
    lines = [
        f'test list: {found.ann_file}, {found.num_videos} videos, list digest {found.digest}'
        for found in summaries
    ]
    frames, clips, crops = views(runner.cfg.test_dataloader.dataset)
    lines.append(f'views of a video: {frames} frames x {clips} clips x {crops} crops')
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    if hasattr(model, 'text_bank'):
        corpus = model.text_bank.corpus
        context = getattr(model.cls_head, 'context', None)
        lines.append(
            f'texts: {len(corpus.classes)} classes, corpus of {len(corpus)} labels'
            + (f", context '{context}'" if context else '')
        )
    return lines
