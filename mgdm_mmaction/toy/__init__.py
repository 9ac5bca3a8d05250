"""A small video data set whose classes only motion tells apart, and a tiny CLIP for it."""

from .actions import DEFAULT_OBJECTS, MOTIONS, Action, list_actions
from .dataset import generate_dataset, read_settings
from .pretrain import train_tiny_clip
from .render import render_clip, render_track
from .shapes import OBJECTS
from .zero_shot import evaluate_zero_shot

__all__ = [
    'DEFAULT_OBJECTS',
    'MOTIONS',
    'OBJECTS',
    'Action',
    'evaluate_zero_shot',
    'generate_dataset',
    'list_actions',
    'read_settings',
    'render_clip',
    'render_track',
    'train_tiny_clip',
]
