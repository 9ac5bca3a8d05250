"""What training and testing share: reading the config, building the runner."""

import argparse
import os
import os.path as osp

from mmaction.registry import RUNNERS
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import Runner

from ..engine import is_cpu_only, start_process_group
from ..errors import MGDMError, require_file

__all__ = ['build_runner', 'load_config', 'merge_options', 'use_cpu_amp']


def load_config(args: argparse.Namespace) -> Config:
    """Read a config and set what the common arguments say, but for ``--cfg-options``.

    Args:
        args (argparse.Namespace): With ``config``, ``work_dir``, ``launcher``, ``local_rank``.

    Returns:
        Config: The config.

    Raises:
        MGDMError: If it is missing or cannot be read.
    """
    require_file(args.config, 'config')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    try:
        cfg = Config.fromfile(args.config)
    except MGDMError:
        raise
    except Exception as error:
        # mmengine adds all of sys.path to a failed import.
        reason = ' '.join(str(error).split(', the current sys.path is')[0].split())
        raise MGDMError(
            f'{args.config} cannot be read as a config: {type(error).__name__}: {reason[:400]}'
        ) from error
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = osp.join('work_dirs', osp.splitext(osp.basename(args.config))[0])
    return cfg


def merge_options(cfg: Config, args: argparse.Namespace) -> None:
    """Set what ``--cfg-options`` says.

    Args:
        cfg (Config): Changed in place.
        args (argparse.Namespace): With ``cfg_options``.

    Raises:
        MGDMError: If a key leads nowhere.
    """
    if args.cfg_options is None:
        return
    try:
        cfg.merge_from_dict(args.cfg_options)
    except Exception as error:
        keys = ', '.join(args.cfg_options)
        raise MGDMError(f'--cfg-options {keys} does not fit {args.config}: {error}') from error


def build_runner(cfg: Config) -> Runner:
    """Build the runner of a checked config, on CUDA or on the CPU.

    Args:
        cfg (Config): The config.
    """
    start_process_group(cfg)
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return Runner.from_cfg(cfg)


def use_cpu_amp(cfg: Config) -> None:
    """Replace CUDA's mixed precision by the CPU's where there is no GPU.

    Args:
        cfg (Config): Changed in place.
    """
    wrapper = cfg.optim_wrapper
    if wrapper.get('type') == 'AmpOptimWrapper' and is_cpu_only():
        print_log(
            f'no GPU: AmpOptimWrapper (dtype {wrapper.get("dtype") or "float16"}) becomes bfloat16 '
            'autocast on the CPU, without a loss scale',
            logger='current',
        )
        for key in ('loss_scale', 'dtype', 'use_fsdp'):
            wrapper.pop(key, None)
        wrapper.type = 'CPUAmpOptimWrapper'
