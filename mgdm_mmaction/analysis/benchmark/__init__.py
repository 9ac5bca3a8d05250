"""Benchmarks: the parts of the package against the plain way to do the same."""

from .curves import benchmark_curves
from .head import HeadSizes, benchmark_head
from .mining import MiningSizes, benchmark_mining
from .negatives_file import benchmark_negatives_file
from .pipeline import benchmark_pipeline
from .recipe import benchmark_recipe
from .step import benchmark_step
from .towers import benchmark_tower
from .training import StepSizes, TrainingStep

__all__ = [
    'HeadSizes',
    'MiningSizes',
    'StepSizes',
    'TrainingStep',
    'benchmark_curves',
    'benchmark_head',
    'benchmark_mining',
    'benchmark_negatives_file',
    'benchmark_pipeline',
    'benchmark_recipe',
    'benchmark_step',
    'benchmark_tower',
]
