"""Necks: frame embeddings to what is compared with texts."""

from .semantic_unit_decoder import SemanticUnitDecoder
from .text_guided_temporal_head import TextGuidedTemporalHead
from .triplet_encoder import TripletEncoder

__all__ = ['SemanticUnitDecoder', 'TextGuidedTemporalHead', 'TripletEncoder']
