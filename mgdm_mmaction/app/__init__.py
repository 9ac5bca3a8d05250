"""A page in the browser: drop a clip, type labels, see scores and what they rest on."""

from .command import main

__all__ = ['main']
