"""Heads: the text side of a recogniser."""

from .hard_negative_text_head import HardNegativeTextHead
from .semantic_discriminator import SemanticDiscriminator

__all__ = ['HardNegativeTextHead', 'SemanticDiscriminator']
