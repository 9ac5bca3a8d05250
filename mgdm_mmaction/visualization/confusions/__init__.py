"""What one test run gets right that another does not: pairs of classes, classes, videos."""

from .comparison import ClassChange, PairChange, RunComparison
from .text import describe_runs

__all__ = ['ClassChange', 'PairChange', 'RunComparison', 'describe_runs']
