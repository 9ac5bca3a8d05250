"""Recognisers: the contract, and a file a method."""

from .asu import ASU
from .clip_recognizer import CLIPRecognizer, Explanation, Weights, check_recognizer
from .mgdm import MGDM

__all__ = ['ASU', 'MGDM', 'CLIPRecognizer', 'Explanation', 'Weights', 'check_recognizer']
