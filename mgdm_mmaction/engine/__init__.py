"""What the training engine adds to MMEngine's: hooks, optimizer settings, runs without CUDA."""

from .cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from .distributed import is_cpu_only, start_process_group
from .hooks import CheckNegativesHook, EpochSeedHook
from .optim_wrapper_constructor import MGDMOptimWrapperConstructor

__all__ = [
    'CPUAmpOptimWrapper',
    'CheckNegativesHook',
    'EpochSeedHook',
    'MGDMOptimWrapperConstructor',
    'is_cpu_only',
    'start_process_group',
]
