"""Recognise the actions of any video: one line of Python, one command."""

from ..predictions import Predictions, VideoPrediction, WindowPrediction
from .inferencer import MGDMInferencer

__all__ = ['MGDMInferencer', 'Predictions', 'VideoPrediction', 'WindowPrediction']
