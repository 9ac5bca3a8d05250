"""Recognise the actions of any video: one line of Python, one command."""

from .results import Predictions, VideoPrediction, WindowPrediction

__all__ = ['Predictions', 'VideoPrediction', 'WindowPrediction']
