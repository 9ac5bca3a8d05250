"""mmengine's ``--auto-scale-lr`` forgets accumulation, and logs a rate that it does not use.

``Runner.scale_lr`` of mmengine 0.10 takes the batch size times the number of processes for the
global batch. With ``optim_wrapper.accumulative_counts=4`` a step averages over four times as many
clips, and the learning rate comes out four times too low (open-mmlab/mmengine#1080, a patch that
was never merged). It also leaves ``base_param_settings`` alone, from which the log's ``base_lr``
comes wherever an optimizer has several groups: that is then the rate before scaling.
"""

import functools
import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ['apply']


def apply(module: ModuleType) -> None:
    """Count accumulated batches in ``Runner.scale_lr``, and scale the logged rate, too."""
    Runner = module.Runner
    original = Runner.scale_lr
    if hasattr(original, '__wrapped__') or 'accumulative' in inspect.getsource(original):
        return
    Runner.scale_lr = _count_all(original)


def _count_all(scale_lr: Callable) -> Callable:
    @functools.wraps(scale_lr)
    def scale(runner: Any, optim_wrapper: Any, auto_scale_lr: dict | None = None) -> None:
        settings = dict(auto_scale_lr or {})
        # An OptimWrapperDict, one of several optimizers, has no count of its own.
        counts = getattr(optim_wrapper, '_accumulative_counts', 1)
        if not settings.get('enable') or not settings.get('base_batch_size'):
            scale_lr(runner, optim_wrapper, auto_scale_lr)
            return
        if counts > 1:
            runner.logger.info(
                f'{counts} batches are accumulated for a step, so that the base batch size of '
                f'{settings["base_batch_size"]} is worth {settings["base_batch_size"] / counts:g} '
                'a batch'
            )
            settings['base_batch_size'] /= counts
        base = getattr(optim_wrapper, 'base_param_settings', None)
        groups = optim_wrapper.optimizer.param_groups if base else []
        before = [group['lr'] for group in groups]
        scale_lr(runner, optim_wrapper, settings)
        for group, rate in zip(groups, before, strict=True):
            if rate:
                base['lr'] *= group['lr'] / rate
                break

    return scale
