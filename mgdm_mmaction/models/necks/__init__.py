"""Necks: frame embeddings to what is compared with texts."""

from .text_guided_temporal_head import TextGuidedTemporalHead

__all__ = ['TextGuidedTemporalHead']
