"""Recognise the actions of any video: one line of Python, one command."""

from .inferencer import MGDMInferencer
from .results import Predictions, VideoPrediction, WindowPrediction

__all__ = ['MGDMInferencer', 'Predictions', 'VideoPrediction', 'WindowPrediction']
