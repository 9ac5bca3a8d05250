"""What two test runs confuse: pairs that one mixes up and the other does not."""

from .comparison import ClassChange, PairChange, RunComparison
from .text import describe_runs

__all__ = ['ClassChange', 'PairChange', 'RunComparison', 'describe_runs']
