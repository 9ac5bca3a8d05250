"""What a resumed run takes from its checkpoint, and what from the command."""

import pandas as pd
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from ...checkpoint import read_settings
from ...config_rules import walk
from ...report import as_text, table

__all__ = ['ResumeReportHook']

_SECTIONS = ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper', 'param_scheduler',
             'auto_scale_lr', 'randomness')  # fmt: skip
# State that the checkpoint brings along: groups of the optimizer, schedulers, seed.
_RESTORED = ('optim_wrapper.optimizer', 'optim_wrapper.paramwise_cfg', 'param_scheduler',
             'auto_scale_lr', 'randomness.seed')  # fmt: skip


@HOOKS.register_module()
class ResumeReportHook(Hook):
    """Log which settings of a resumed run differ from those of its checkpoint, and which are used.

    MMEngine restores the optimizer's groups and the schedulers, hence learning rate, weight decay
    and schedule, from the checkpoint, whatever the config says; all else is the config's. A run
    that is finished already is a warning. ``tools/train.py --resume`` adds this hook.

    Example:
        >>> custom_hooks = [dict(type='ResumeReportHook')]
    """

    def __init__(self) -> None:
        self._differences: list[dict[str, str]] = []

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Compare the settings."""
        saved = _flat(read_settings(checkpoint, _SECTIONS))
        if not saved:
            return
        here = _flat(read_settings({'meta': {'cfg': runner.cfg.pretty_text}}, _SECTIONS))
        self._differences = [
            {
                'setting': key[1],
                'checkpoint': saved.get(key, '-'),
                'this run': here.get(key, '-'),
                'used': 'checkpoint' if key[1].startswith(_RESTORED) else 'this run',
            }
            for key in {**saved, **here}
            if saved.get(key) != here.get(key)
        ]

    def before_train(self, runner: Runner) -> None:
        """Log the differences, and whether anything is left to train."""
        if self._differences:
            found = pd.DataFrame(self._differences)
            lines = ['settings that differ from those of the checkpoint:', as_text(table(found))]
            if 'checkpoint' in set(found['used']):
                lines.append(
                    'To train with other rates or another schedule, start from the weights alone: '
                    '--cfg-options load_from=CHECKPOINT in place of --resume'
                )
            runner.logger.warning('\n'.join(lines))
        done, wanted, key = runner.epoch, runner.max_epochs, 'max_epochs'
        if not getattr(runner.train_loop, '_max_epochs', None):
            done, wanted, key = runner.iter, runner.max_iters, 'max_iters'
        if runner.iter and done >= wanted:
            runner.logger.warning(
                f'nothing is left to train: the checkpoint is at {done} of train_cfg.{key}='
                f'{wanted}; raise it to train on'
            )


def _flat(settings: dict) -> dict[tuple[str, str], str]:
    """Settings that are no sections, by path and place; see :func:`walk`."""
    return {
        (path, place): repr(value)
        for path, place, value in walk(settings)
        if not isinstance(value, dict) and not _has_sections(value)
    }


def _has_sections(value: object) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value)
