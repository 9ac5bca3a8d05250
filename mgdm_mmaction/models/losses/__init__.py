"""Losses."""

from .augmented_contrastive_loss import (
    AugmentedContrastiveLoss,
    augmented_contrastive_loss,
    contrastive_directions,
)
from .class_text_loss import ClassTextLoss

__all__ = [
    'AugmentedContrastiveLoss',
    'ClassTextLoss',
    'augmented_contrastive_loss',
    'contrastive_directions',
]
