"""Automatic mixed precision for a machine without CUDA."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.optim import OptimWrapper
from torch import nn

__all__ = ['CPUAmpOptimWrapper']


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Train under bfloat16 autocast on a CPU.

    MMEngine's ``AmpOptimWrapper`` asserts that there is a GPU. bfloat16 has the exponent range of
    float32, so no loss scaling is needed, and a run can be resumed with or without it.

    Example:
        >>> optim_wrapper = dict(type='CPUAmpOptimWrapper', optimizer=dict(type='AdamW', lr=5e-5))
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter autocast in addition to MMEngine's gradient accumulation context."""
        with super().optim_context(model), torch.autocast('cpu', dtype=torch.bfloat16):
            yield
