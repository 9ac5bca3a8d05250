"""What training and testing share: the config of a run, the check of its data, the runner."""

import argparse
import logging
import os
import os.path as osp
import re
import shlex

from mmaction.registry import RUNNERS
from mmengine.logging import MMLogger, print_log
from mmengine.runner import Runner

from ..config import ParsedConfig, read_config
from ..config_rules import walk
from ..datasets.annotations import AnnotationSummary, check_dataset
from ..engine import is_cpu_only, start_process_group
from ..errors import MGDMError

__all__ = ['build_runner', 'check_data', 'read_run_config', 'use_cpu_amp']


def read_run_config(args: argparse.Namespace) -> ParsedConfig:
    """Read a config and apply the common arguments, but for ``--cfg-options``.

    Args:
        args (argparse.Namespace): With ``config``, ``work_dir``, ``launcher``, ``local_rank``.

    Returns:
        ParsedConfig: The config.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config)
    config = cfg.config
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = osp.join('work_dirs', osp.splitext(osp.basename(args.config))[0])
    return cfg


def check_data(cfg: ParsedConfig, split: str) -> list[AnnotationSummary]:
    """Check the data of one loader: its section, its lists and its negatives file.

    Args:
        cfg (ParsedConfig): The config.
        split (str): 'train', 'val' or 'test'.

    Returns:
        list[AnnotationSummary]: What its annotation files hold.

    Raises:
        MGDMError: If something is missing or wrong.
    """
    cfg.require_datasets(split)
    classes = cfg.classes
    loader = cfg.config[f'{split}_dataloader']
    # Of several labels a video, and of mixup and cutmix.
    for key, _, value in walk(cfg.config._cfg_dict):
        if (
            re.fullmatch(rf'({split}_dataloader|model\.data_preprocessor)\..*\bnum_classes', key)
            and classes is not None
            and value not in (None, len(classes))
        ):
            raise MGDMError(f'{cfg.path}: {key} is {value}; the model has {len(classes)} classes.')
    summaries = check_dataset(loader.dataset, classes and len(classes), classes)
    attach = cfg.attach
    if split == 'train' and attach and attach.k and attach.negatives_file:
        path = str(attach.negatives_file)
        if '://' not in path and not osp.isfile(path):
            raise MGDMError(
                f'the negatives file {path} of AttachHardNegatives does not exist; make it with: '
                f'python tools/mine_negatives.py {shlex.quote(cfg.path)} --out {shlex.quote(path)}'
            )
    return summaries


def build_runner(cfg: ParsedConfig) -> Runner:
    """Build the runner of a checked config, on CUDA or on the CPU."""
    start_process_group(cfg.config)
    kind = RUNNERS.get(cfg.config.get('runner_type', 'Runner'))
    if kind is None:
        raise MGDMError(f'{cfg.path}: runner_type {cfg.config.runner_type!r} is not registered')
    return type(kind.__name__, (_ShortLog, kind), {}).from_cfg(cfg.config)


class _ShortLog:
    """Of MMEngine's runners: leaves what nobody scrolls through to the log file."""

    def build_logger(self, *args, **kwargs) -> MMLogger:
        logger = super().build_logger(*args, **kwargs)
        for handler in logger.handlers:
            if not isinstance(handler, logging.FileHandler):
                handler.addFilter(_is_short)
        logger.info(f'environment, config and list of hooks: see the log in {self.log_dir}')
        return logger


def _is_short(record: logging.LogRecord) -> bool:
    """Whether a line belongs in the terminal: not the dumps of 300 lines that begin every log."""
    dumps = ('\n' + '-' * 60 + '\nSystem environment', 'Config:\n', 'Hooks will be executed')
    return not str(record.msg).startswith(dumps)


def use_cpu_amp(cfg: ParsedConfig) -> None:
    """Replace CUDA's mixed precision by the CPU's where there is no GPU.

    Args:
        cfg (ParsedConfig): Changed in place.
    """
    wrapper = cfg.config.optim_wrapper
    if wrapper.get('type') == 'AmpOptimWrapper' and is_cpu_only():
        print_log(
            f'no GPU: AmpOptimWrapper (dtype {wrapper.get("dtype") or "float16"}) becomes bfloat16 '
            'autocast on the CPU, without a loss scale',
            logger='current',
        )
        for key in ('loss_scale', 'dtype', 'use_fsdp'):
            wrapper.pop(key, None)
        wrapper.type = 'CPUAmpOptimWrapper'
