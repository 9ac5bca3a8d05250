"""What training and testing share: arguments, reading the config, running on several ranks."""

import argparse
import os
import os.path as osp
import time
from collections.abc import Callable

import torch.distributed as dist
from mmaction.registry import RUNNERS
from mmengine.config import Config, DictAction
from mmengine.logging import print_log
from mmengine.runner import Runner

from ..engine import is_cpu_only, process_rank, start_process_group
from ..errors import MGDMError, explain_config

__all__ = ['add_common_arguments', 'build_runner', 'load_config', 'on_all_ranks', 'require_file']


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that every MMAction2 tool with a runner has.

    Args:
        parser (argparse.ArgumentParser): Changed in place.
    """
    parser.add_argument(
        '--work-dir',
        help='folder of logs and checkpoints; work_dirs/<name of the config> if the config has '
        'none either',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='change settings of the config, such as model.cls_head.context=single or '
        'key="[a,b]" (no spaces in lists); comes last, so it also overrules other arguments',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes; tools/dist_*.sh say pytorch. Defaults to none',
    )
    # Some launchers give this to every process instead of an environment variable.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


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


def require_file(path: str, what: str) -> None:
    """Raise if a file that the user named is not there.

    Args:
        path (str): The file; a URL is left to those who load it.
        what (str): What it is, for the message.
    """
    if '://' in str(path) or osp.isfile(path):
        return
    found = 'is a folder' if osp.isdir(path) else 'does not exist'
    raise MGDMError(f'the {what} {path} {found}; the current folder is {os.getcwd()}')


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


def on_all_ranks(main: Callable[[], None]) -> None:
    """Run a main function so that a mistake is told once and leaves no process behind.

    All ranks find the same mistake before the run starts. Rank 0 tells it; the launcher then ends
    the others, which only speak when rank 0 has not, because the mistake is theirs alone.

    Args:
        main (Callable): Function without arguments.
    """
    rank = process_rank()
    try:
        with explain_config():
            main()
    except MGDMError as error:
        if rank == 0:
            raise
        time.sleep(20)
        raise MGDMError(f'(rank {rank}) {error}') from error
    finally:
        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()
