"""Recognisers."""

from .mgdm import MGDM

__all__ = ['MGDM']
