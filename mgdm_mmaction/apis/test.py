"""Testing, behind ``tools/test.py``."""

import argparse

from mmengine.config import Config
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ..config import ParsedConfig
from ..datasets.annotations import AnnotationSummary
from ..engine import without_fsdp
from ..errors import MGDMError, require_file
from ..negatives import read_header
from .runner import build_runner, check_data, read_run_config

__all__ = ['add_metric', 'build_test_runner', 'confusable_pairs', 'prepare_config', 'run_testing']

# The same for every config, whatever it was trained with, so that k = 0 and k = 9 can be compared.
_DEPTH = 7
# MMAction2's own, and what names a video of VideoDataset or RawframeDataset.
_META_KEYS = ('img_shape', 'img_key', 'video_id', 'timestamp')
_PATH_KEYS = ('filename', 'frame_dir', 'offset', 'total_frames')


def prepare_config(args: argparse.Namespace) -> ParsedConfig:
    """Read the config and apply the arguments.

    Args:
        args (argparse.Namespace): Of ``tools/test.py``.

    Returns:
        ParsedConfig: What :func:`run_testing` takes.

    Raises:
        MGDMError: If an argument or the config is wrong.
    """
    cfg = read_run_config(args)
    if args.dump is not None:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise MGDMError(f'--dump {args.dump}: the name should end in .pkl')
        add_metric(cfg, dict(type='DumpResults', out_file_path=args.dump))
    # The evaluator, which has protocols of its own, has neither argument.
    if getattr(args, 'per_class', False):
        add_metric(cfg, dict(type='PerClassAccuracy', classes=cfg.head.get('classes')))
    if getattr(args, 'confusable_pairs', None) is not None:
        add_metric(cfg, confusable_pairs(cfg, args.confusable_pairs))
    if args.checkpoint is not None:
        require_file(args.checkpoint, 'checkpoint')
        cfg.config.load_from = args.checkpoint
    cfg.config.resume = False
    return cfg.merge(args.cfg_options)


def add_metric(cfg: ParsedConfig, metric: dict) -> None:
    """Add a metric to the test of a config, whose samples then carry their paths."""
    metrics = cfg.config.get('test_evaluator') or []
    metrics = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
    cfg.config.test_evaluator = [*metrics, metric]
    for step in cfg.find_steps('test', 'PackActionInputs'):
        keys = step.get('meta_keys', _META_KEYS)
        step['meta_keys'] = tuple(dict.fromkeys((*keys, *_PATH_KEYS)))


def confusable_pairs(cfg: ParsedConfig, negatives_file: str) -> dict:
    """Return the config of :class:`~mgdm_mmaction.evaluation.ConfusablePairAccuracy`.

    Args:
        cfg (ParsedConfig): The config that is tested.
        negatives_file (str): The file; empty for the one that the config trains with.

    Raises:
        MGDMError: If the config names no file, or there is none.
    """
    path = negatives_file or (cfg.attach and cfg.attach.negatives_file)
    if not path:
        raise MGDMError(
            f'--confusable-pairs: {cfg.path} trains with no negatives file; name one behind the '
            'option. tools/mine_negatives.py makes it.'
        )
    if path.endswith(('.pth', '.py')):
        raise MGDMError(
            f'--confusable-pairs {path}: is no negatives file; if it is what should be '
            'tested, write the option behind it.'
        )
    metric = dict(
        type='ConfusablePairAccuracy',
        negatives_file=path,
        k=min(_DEPTH, read_header(path).k),
    )
    classes = cfg.head.get('classes')
    return metric if classes is None else {**metric, 'classes': classes}


def run_testing(cfg: ParsedConfig | Config) -> dict:
    """Check a config and test its ``load_from``, or its initial weights where that is not set.

    Args:
        cfg (ParsedConfig | Config): Such as the result of :func:`prepare_config`.

    Returns:
        dict: The metrics.

    Raises:
        MGDMError: If the data or the checkpoint is missing or wrong.
    """
    return build_test_runner(ParsedConfig.of(cfg))[0].test()


def build_test_runner(cfg: ParsedConfig) -> tuple[Runner, list[AnnotationSummary]]:
    """Check a config and build what tests it; its log has what is tested.

    Args:
        cfg (ParsedConfig): Result of :func:`prepare_config`.

    Returns:
        tuple[Runner, list[AnnotationSummary]]: The runner, and what the test lists hold.

    Raises:
        MGDMError: If the data or the checkpoint is missing or wrong.
    """
    summaries = check_data(cfg, 'test')
    config = cfg.config
    if config.get('load_from'):
        require_file(config.load_from, 'checkpoint')
    # No training here: its optimizer and its data need not be there.
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler'):
        config[key] = None
    config.val_dataloader = config.val_cfg = config.val_evaluator = None
    without_fsdp(config)
    runner = build_runner(cfg)
    if not config.get('load_from'):
        runner.logger.info("no checkpoint given: testing the model's initial weights")
        runner._init_model_weights()
    for line in _protocol(cfg, runner, summaries):
        runner.logger.info(line)
    return runner, summaries


def _protocol(cfg: ParsedConfig, runner: Runner, summaries: list) -> list[str]:
    """What a reader needs to know to compare two results."""
    lines = [
        f'test list: {found.ann_file}, {found.num_videos} videos, list digest {found.digest}'
        for found in summaries
    ]
    frames, clips, crops = cfg.views('test')
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
