"""Optimizer wrappers and their constructors."""

from .cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from .layer_decay_constructor import LayerDecayOptimWrapperConstructor
from .optim_wrapper_constructor import MGDMOptimWrapperConstructor

__all__ = [
    'CPUAmpOptimWrapper',
    'LayerDecayOptimWrapperConstructor',
    'MGDMOptimWrapperConstructor',
]
