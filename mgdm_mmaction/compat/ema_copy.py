"""mmengine's ``EMAHook`` copies a model whose weights have not been initialised yet.

``EMAHook.before_run`` makes the averaged copy, and ``Runner.train`` calls ``init_weights()`` only
after that. Parameters and buffers are overwritten in the first update, but whatever else a model
takes from its weights is not: the copy of a text head still says that it has no text bank, and
since a checkpoint holds the copy's state, that checkpoint cannot be tested. A fine-tuning run
stops when the checkpoint to start from is loaded into that copy. And where ``begin_iter`` is set,
states of different shapes are copied into each other.

The copy is made once more as soon as the weights are there: before a checkpoint is loaded into it,
or else before the first epoch. In mmengine 0.10.7 ``Runner.train`` has this order.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

__all__ = ['apply']


def apply(module: ModuleType) -> None:
    """Make ``EMAHook`` copy the initialised model."""
    for name in ('before_train', 'after_load_checkpoint'):
        method = getattr(module.EMAHook, name)
        if not hasattr(method, '__wrapped__'):
            setattr(module.EMAHook, name, _copy_first(method))


def _copy_first(method: Callable) -> Callable:
    @functools.wraps(method)
    def copy_and_call(hook: Any, *args: Any, **kwargs: Any) -> Any:
        # The model that was copied last: a hook may be used for several runs.
        if getattr(hook, '_copied_when_ready', None) is not hook.src_model:
            from mmengine.registry import MODELS

            hook.ema_model = MODELS.build(hook.ema_cfg, default_args=dict(model=hook.src_model))
            hook._copied_when_ready = hook.src_model
        return method(hook, *args, **kwargs)

    return copy_and_call
