"""Losses."""

from .augmented_contrastive_loss import AugmentedContrastiveLoss, augmented_contrastive_loss

__all__ = ['AugmentedContrastiveLoss', 'augmented_contrastive_loss']
