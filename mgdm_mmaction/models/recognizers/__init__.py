"""Recognisers: the contract, and a file a method."""

from .asu import ASU
from .clip_recognizer import CLIPRecognizer, Explanation, Weights, check_recognizer
from .kgclip import KGCLIP
from .mgdm import MGDM

__all__ = [
    'ASU',
    'KGCLIP',
    'MGDM',
    'CLIPRecognizer',
    'Explanation',
    'Weights',
    'check_recognizer',
]
