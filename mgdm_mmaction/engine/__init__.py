"""What the training engine adds to MMEngine's: hooks, optimizer settings, runs without CUDA."""

from .distributed import is_cpu_only, process_rank, start_process_group
from .fsdp import (
    MGDMFSDPStrategy,
    MGDMFullyShardedDataParallel,
    check_fsdp,
    uses_fsdp,
    without_fsdp,
)
from .hooks import (
    CheckGradientsHook,
    CheckGraphHook,
    CheckNegativesHook,
    EpochSeedHook,
    LearningRatesHook,
    ModelSummaryHook,
)
from .optimizers.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from .optimizers.layer_decay_constructor import LayerDecayOptimWrapperConstructor
from .optimizers.optim_wrapper_constructor import MGDMOptimWrapperConstructor

__all__ = [
    'CPUAmpOptimWrapper',
    'CheckGradientsHook',
    'CheckGraphHook',
    'CheckNegativesHook',
    'EpochSeedHook',
    'LayerDecayOptimWrapperConstructor',
    'LearningRatesHook',
    'MGDMFSDPStrategy',
    'MGDMFullyShardedDataParallel',
    'MGDMOptimWrapperConstructor',
    'ModelSummaryHook',
    'check_fsdp',
    'is_cpu_only',
    'process_rank',
    'start_process_group',
    'uses_fsdp',
    'without_fsdp',
]
