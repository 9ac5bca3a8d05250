"""Benchmarks against the plain way to do the same: the head, a step, the pipeline, mining."""

from .head import HeadSizes, benchmark_head
from .mining import MiningSizes, benchmark_mining
from .negatives_file import benchmark_negatives_file
from .pipeline import benchmark_pipeline
from .step import StepSizes, benchmark_step

__all__ = [
    'HeadSizes',
    'MiningSizes',
    'StepSizes',
    'benchmark_head',
    'benchmark_mining',
    'benchmark_negatives_file',
    'benchmark_pipeline',
    'benchmark_step',
]
