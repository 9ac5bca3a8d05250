"""Benchmarks against the plain way to do the same: the head, a training step, the data pipeline."""

from .head import HeadSizes, benchmark_head
from .pipeline import benchmark_pipeline
from .recipe import benchmark_recipe
from .step import benchmark_step
from .towers import benchmark_tower
from .training import StepSizes, TrainingStep

__all__ = [
    'HeadSizes',
    'StepSizes',
    'TrainingStep',
    'benchmark_head',
    'benchmark_pipeline',
    'benchmark_recipe',
    'benchmark_step',
    'benchmark_tower',
]
