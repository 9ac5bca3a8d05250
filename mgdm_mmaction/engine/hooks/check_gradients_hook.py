"""Report parameters that a run would leave as they are although they are to be trained."""

import functools
from collections.abc import Sequence
from typing import Any

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.distributed.fsdp import FullyShardedDataParallel

from ...errors import MGDMError
from ...models.recognizers import CLIPRecognizer

__all__ = ['CheckGradientsHook']


@HOOKS.register_module()
class CheckGradientsHook(Hook):
    """Stop a training in which a parameter takes no part, after its first step.

    Before training: every parameter that wants a gradient should be among the optimizer's. After
    the first step of the optimizer, which may take several batches: the backward pass should have
    reached each of them. A gradient that is there but exactly zero is a warning. Frozen parameters
    (``requires_grad=False``) are of no concern, nor are buffers such as the text bank.

    Models that are no :class:`CLIPRecognizer` are left alone: tools of MMAction2 such as
    ``vis_scheduler.py`` run the hooks of a config with a model of their own.

    A run whose config has ``find_unused_parameters=True`` says that some may be unused: the error
    is a warning then. Under FSDP, which hides the parameters, nothing is checked.

    Args:
        allow_unused (Sequence[str], optional): Beginnings of parameter names that may stay without
            a gradient. Defaults to ().

    Example:
        >>> custom_hooks = [dict(type='CheckGradientsHook', allow_unused=['cls_head.logit_scale'])]
    """

    def __init__(self, allow_unused: Sequence[str] = ()) -> None:
        if isinstance(allow_unused, str):
            allow_unused = (allow_unused,)
        self.allow_unused = tuple(allow_unused)
        self._handles: list = []
        # Name -> whether some element of its gradient was not zero.
        self._seen: dict[str, Tensor] = {}

    def before_train(self, runner: Runner) -> None:
        """Compare the optimizer with the model, and begin to watch the gradients."""
        self._stop()
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if isinstance(runner.model, FullyShardedDataParallel) or not isinstance(
            model, CLIPRecognizer
        ):
            return
        trained = self._trainable(runner.model)
        groups = getattr(runner.optim_wrapper, 'param_groups', None)
        if isinstance(groups, list):  # several optimizers have a dict of them
            known = {id(param) for group in groups for param in group['params']}
            self._complain(
                runner,
                [name for name, param in trained.items() if id(param) not in known],
                'want a gradient but are in no group of the optimizer, so they would never change',
            )
        for name, param in trained.items():
            self._handles.append(param.register_hook(functools.partial(self._note, name)))

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Check the gradients of the first step, and raise :class:`MGDMError` if one is missing."""
        # The count has moved on already, so this shows whether a step was just made.
        if not self._handles or not getattr(runner.optim_wrapper, 'should_update', bool)():
            return
        trained, seen = self._trainable(runner.model), dict(self._seen)
        self._stop()
        self._complain(
            runner,
            [name for name in trained if name not in seen],
            'had no gradient in the first step: the loss does not depend on them, so they would '
            'never change',
        )
        zero = [name for name, found in seen.items() if not bool(found)]
        if zero:
            runner.logger.warning(
                f'{len(zero)} parameters had a gradient of exactly zero in the first step '
                f'({_first(zero)}); if it stays zero they do not learn'
            )

    def after_train(self, runner: Runner) -> None:
        """Leave no watch behind if there was no step."""
        self._stop()

    def _trainable(self, model: nn.Module) -> dict[str, nn.Parameter]:
        model = model.module if is_model_wrapper(model) else model
        return {name: param for name, param in model.named_parameters() if param.requires_grad}

    def _complain(self, runner: Runner, names: list[str], what: str) -> None:
        names = [name for name in names if not name.startswith(self.allow_unused)]
        if not names:
            return
        message = f'{len(names)} trainable parameters {what}: {_first(names)}'
        if runner.cfg.get('find_unused_parameters', False):
            runner.logger.warning(f'{message}. Allowed by find_unused_parameters=True')
            return
        raise MGDMError(
            f'{message}. Freeze or remove them, or if that is meant, name them in the config: '
            f"dict(type='CheckGradientsHook', allow_unused=['{names[0]}'])"
        )

    def _note(self, name: str, grad: Tensor) -> None:
        # Stays on the device: asking for the value here would stop a GPU at every parameter.
        self._seen[name] = torch.any(grad.detach() != 0) | self._seen.get(name, False)

    def _stop(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._seen.clear()


def _first(names: list[str]) -> str:
    return ', '.join(names[:5]) + (', ...' if len(names) > 5 else '')
