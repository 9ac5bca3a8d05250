"""Training, behind ``tools/train.py``."""

import argparse
import os

from mmengine.config import Config
from mmengine.runner import Runner

from ..config import ParsedConfig
from ..engine import check_fsdp, is_cpu_only
from ..errors import MGDMError, require_file
from .runner import build_runner, check_data, read_run_config, use_cpu_amp
from .vis_backends import add_vis_backends, check_vis_backends

__all__ = ['prepare_config', 'run_training']


def prepare_config(args: argparse.Namespace) -> ParsedConfig:
    """Read the config and apply the arguments.

    Args:
        args (argparse.Namespace): Of ``tools/train.py``.

    Returns:
        ParsedConfig: What :func:`run_training` takes.

    Raises:
        MGDMError: If an argument or the config is wrong.
    """
    cfg = read_run_config(args)
    config = cfg.config
    if args.amp:
        kind = config.optim_wrapper.get('type', 'OptimWrapper')
        if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'CPUAmpOptimWrapper'):
            raise MGDMError(
                f"--amp replaces an OptimWrapper, but {cfg.path} has optim_wrapper.type='{kind}'"
            )
        config.optim_wrapper.type = 'AmpOptimWrapper'
        config.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        if not (config.get('auto_scale_lr') or {}).get('base_batch_size'):
            raise MGDMError(
                f'--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) in {cfg.path}'
            )
        config.auto_scale_lr.enable = True
    if args.resume == 'auto':
        config.resume, config.load_from = True, None
    elif args.resume is not None:
        require_file(args.resume, 'checkpoint')
        config.resume, config.load_from = True, args.resume
    _set_randomness(config, args)
    add_vis_backends(config, args.vis)
    cfg.merge(args.cfg_options)
    # Last, because options for the validation are no mistake when there is none.
    if args.no_validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
    return cfg


def _set_randomness(cfg: Config, args: argparse.Namespace) -> None:
    """Let arguments overrule the config one by one; MMAction2 drops them if it has randomness."""
    randomness = dict(cfg.get('randomness') or dict(seed=None))
    if args.seed is not None:
        randomness['seed'] = args.seed
    for name in ('diff_rank_seed', 'deterministic'):
        if getattr(args, name):
            randomness[name] = True
    cfg.randomness = randomness


def run_training(cfg: ParsedConfig | Config) -> Runner:
    """Check a config and train it.

    Args:
        cfg (ParsedConfig | Config): Such as the result of :func:`prepare_config`.

    Returns:
        Runner: The runner after the training.

    Raises:
        MGDMError: If the data or the checkpoint to start from is missing or wrong, or if the
            config asks for what does not go together.
    """
    cfg = ParsedConfig.of(cfg)
    config = cfg.config
    check_fsdp(config)
    check_data(cfg, 'train')
    if config.get('val_dataloader'):
        check_data(cfg, 'val')
    if config.get('load_from'):
        require_file(config.load_from, 'checkpoint')
    check_vis_backends(config)
    use_cpu_amp(cfg)
    if (config.get('randomness') or {}).get('deterministic') and not is_cpu_only():
        # cuBLAS wants to know before it is first used.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    hooks = ['EpochSeedHook'] + ['ResumeReportHook'] * bool(config.get('resume'))
    for name in hooks:
        if not any(hook.get('type') == name for hook in config.get('custom_hooks') or ()):
            config.custom_hooks = [*(config.get('custom_hooks') or ()), dict(type=name)]
    runner = build_runner(cfg)
    runner.train()
    return runner
