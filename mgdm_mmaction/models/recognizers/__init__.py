"""Recognisers: the contract, and a file a method."""

from .clip_recognizer import CLIPRecognizer, Explanation, Weights, check_recognizer
from .mgdm import MGDM

__all__ = ['MGDM', 'CLIPRecognizer', 'Explanation', 'Weights', 'check_recognizer']
