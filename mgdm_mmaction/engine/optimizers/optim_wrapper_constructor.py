"""Learning rates by part of the model, and no weight decay on vectors, both at once."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.logging import MMLogger, print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

__all__ = ['MGDMOptimWrapperConstructor', 'merge_groups', 'only_errors']


def merge_groups(single: list[dict], base_lr: float | None, base_wd: float | None) -> list[dict]:
    """Take weight decay from vectors, put parameters of the same settings together, and log them.

    Args:
        single (list[dict]): Groups of one parameter each; they are used up.
        base_lr (float | None): Learning rate of a group that names none, for the log.
        base_wd (float | None): Likewise, the weight decay.

    Returns:
        list[dict]: One group for all parameters with the same settings, in order of first use.
    """
    groups: dict[tuple, dict] = {}
    for group in single:
        (param,) = group.pop('params')
        if param.ndim <= 1:
            # Set also where the config names no weight decay: AdamW has 0.01 by default.
            group['weight_decay'] = 0.0
        key = tuple(sorted(group.items()))
        groups.setdefault(key, {**group, 'params': []})['params'].append(param)
    for group in groups.values():
        count = sum(param.numel() for param in group['params'])
        print_log(
            f'optimizer group: {len(group["params"])} tensors, {count} parameters, '
            f'lr {group.get("lr", base_lr)}, weight decay {group.get("weight_decay", base_wd)}',
            logger='current',
        )
    return list(groups.values())


@contextmanager
def only_errors() -> Iterator[None]:
    """Silence MMEngine's constructor, which logs a line for every option of every parameter."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MGDMOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Build an optimizer in which ``custom_keys`` and the decay rule for vectors both hold.

    In MMEngine's constructor a parameter that matches one of the ``custom_keys`` ignores
    ``norm_decay_mult`` and ``bias_decay_mult``: ``custom_keys=dict(backbone=dict(lr_mult=0.1))``
    brings weight decay back to every bias and norm of the backbone. Here parameters with one axis
    or none (biases, norms, class tokens, temperatures) have no weight decay, whatever key they
    match. Frozen parameters are left out, and parameters with the same settings share one group.

    Args:
        optim_wrapper_cfg (dict): Config of the optimizer wrapper, with the key ``optimizer``.
        paramwise_cfg (dict, optional): All options of
            :class:`mmengine.optim.DefaultOptimWrapperConstructor`. Defaults to None.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='MGDMOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=5e-5, weight_decay=0.2),
        ...     paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}))
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        paramwise_cfg = dict(paramwise_cfg or {})
        # Never empty: MMEngine would hand all parameters, frozen ones too, to one group.
        paramwise_cfg.setdefault('custom_keys', {})
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs) -> None:
        """Append the parameter groups of a module; MMEngine calls it for the model and recurses."""
        if prefix:
            super().add_params(params, module, prefix, **kwargs)
            return
        single: list[dict] = []
        with only_errors():
            super().add_params(single, module, prefix, **kwargs)
        params.extend(merge_groups(single, self.base_lr, self.base_wd))
