"""The library behind the tools: parse, check, run."""

from .test import test
from .train import train

__all__ = ['test', 'train']
