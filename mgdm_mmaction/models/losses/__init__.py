"""Losses."""

from .augmented_contrastive_loss import (
    AugmentedContrastiveLoss,
    augmented_contrastive_loss,
    contrastive_directions,
)

__all__ = ['AugmentedContrastiveLoss', 'augmented_contrastive_loss', 'contrastive_directions']
