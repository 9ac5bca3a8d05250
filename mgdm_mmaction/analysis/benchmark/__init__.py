"""Benchmarks against the plain way to do the same: the head, a training step, the data pipeline."""

from .head import HeadSizes, benchmark_head
from .pipeline import benchmark_pipeline
from .step import StepSizes, benchmark_step

__all__ = ['HeadSizes', 'StepSizes', 'benchmark_head', 'benchmark_pipeline', 'benchmark_step']
