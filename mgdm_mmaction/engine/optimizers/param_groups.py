"""What the constructors of the optimizer share: one rule of weight decay, and few groups."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import MMLogger, print_log

__all__ = ['merge_groups', 'only_errors']


def merge_groups(single: list[dict], base_lr: float | None, base_wd: float | None) -> list[dict]:
    """Take weight decay from vectors, put parameters of the same settings together, and log them.

    Args:
        single (list[dict]): Groups of one parameter each; they are used up.
        base_lr (float, optional): Learning rate of a group that names none, for the log.
        base_wd (float, optional): Likewise, the weight decay.

    Returns:
        list[dict]: One group for all parameters with the same settings, in order of first use.
    """
    groups: dict[tuple, dict] = {}
    for group in single:
        (param,) = group.pop('params')
        if param.ndim <= 1:
            # Said also where the config names no weight decay: AdamW has 0.01 by default.
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
