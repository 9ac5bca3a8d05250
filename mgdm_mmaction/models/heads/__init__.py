"""Heads: the video side and the text side of MGDM."""

from .hard_negative_text_head import HardNegativeTextHead
from .semantic_discriminator import SemanticDiscriminator
from .text_guided_temporal_head import TextGuidedTemporalHead

__all__ = ['HardNegativeTextHead', 'SemanticDiscriminator', 'TextGuidedTemporalHead']
