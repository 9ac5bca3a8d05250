"""Fully sharded training, for towers that do not fit on one GPU: MMEngine's, without its traps."""

from .model import MGDMFullyShardedDataParallel
from .strategy import MGDMFSDPStrategy, check_fsdp, uses_fsdp, without_fsdp

__all__ = [
    'MGDMFSDPStrategy',
    'MGDMFullyShardedDataParallel',
    'check_fsdp',
    'uses_fsdp',
    'without_fsdp',
]
