"""Training, behind ``tools/train.py``."""

import argparse
import os

from mmengine.config import Config
from mmengine.runner import Runner

from ..engine import check_fsdp, is_cpu_only
from ..errors import MGDMError, require_file
from .checks import check_data
from .common import (
    build_runner,
    load_config,
    merge_options,
    use_cpu_amp,
)
from .vis_backends import add_vis_backends, check_vis_backends

__all__ = ['prepare_config', 'run_training']


def prepare_config(args: argparse.Namespace) -> Config:
    """Read the config and set what the arguments say.

    Args:
        args (argparse.Namespace): Of ``tools/train.py``.

    Returns:
        Config: What :func:`run_training` takes.

    Raises:
        MGDMError: If an argument or the config is wrong.
    """
    cfg = load_config(args)
    if args.amp:
        kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
        if kind not in ('OptimWrapper', 'AmpOptimWrapper', 'CPUAmpOptimWrapper'):
            raise MGDMError(
                f"--amp replaces an OptimWrapper, but {args.config} has optim_wrapper.type='{kind}'"
            )
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        if not (cfg.get('auto_scale_lr') or {}).get('base_batch_size'):
            raise MGDMError(
                f'--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) in {args.config}'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume == 'auto':
        cfg.resume, cfg.load_from = True, None
    elif args.resume is not None:
        require_file(args.resume, 'checkpoint')
        cfg.resume, cfg.load_from = True, args.resume
    _set_randomness(cfg, args)
    add_vis_backends(cfg, args.vis)
    merge_options(cfg, args)
    # Last, because options for the validation are no mistake when there is none.
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    return cfg


def _set_randomness(cfg: Config, args: argparse.Namespace) -> None:
    """Let arguments overrule the config, one by one; MMAction2 ignores them if it says anything."""
    randomness = dict(cfg.get('randomness') or dict(seed=None))
    if args.seed is not None:
        randomness['seed'] = args.seed
    for name in ('diff_rank_seed', 'deterministic'):
        if getattr(args, name):
            randomness[name] = True
    cfg.randomness = randomness


def run_training(cfg: Config, config_path: str = 'the config') -> Runner:
    """Check a config and train it.

    Args:
        cfg (Config): Result of :func:`prepare_config`.
        config_path (str, optional): Its file, for messages. Defaults to 'the config'.

    Returns:
        Runner: The runner after the training.

    Raises:
        MGDMError: If the data or the checkpoint to start from is missing or wrong, or if the
            config asks for what does not go together.
    """
    check_fsdp(cfg)
    check_data(cfg, 'train', config_path)
    if cfg.get('val_dataloader'):
        check_data(cfg, 'val', config_path)
    if cfg.get('load_from'):
        require_file(cfg.load_from, 'checkpoint')
    check_vis_backends(cfg)
    use_cpu_amp(cfg)
    if cfg.randomness.get('deterministic') and not is_cpu_only():
        # cuBLAS wants to know before it is first used.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    if not any(hook.get('type') == 'EpochSeedHook' for hook in cfg.get('custom_hooks') or ()):
        cfg.custom_hooks = [*(cfg.get('custom_hooks') or ()), dict(type='EpochSeedHook')]
    runner = build_runner(cfg)
    runner.train()
    return runner
