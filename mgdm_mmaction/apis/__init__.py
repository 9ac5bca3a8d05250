"""The library behind the tools: parse, check, run."""

from .test import run_testing
from .train import run_training

__all__ = ['run_testing', 'run_training']
