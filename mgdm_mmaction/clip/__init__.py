"""The only door to open_clip: architectures, towers, weights and texts.

Example:
    >>> from mgdm_mmaction.clip import build_clip, encode_texts
    >>> model = build_clip('mgdm-tiny')
    >>> encode_texts(model, ['This is a video about juggling'], 'mgdm-tiny').shape
    torch.Size([1, 128])
"""

from .activation import set_activation, uses_quick_gelu, weights_digest
from .architectures import embed_dims, get_arch, image_size, list_archs
from .build import (
    build_clip,
    build_text,
    build_transformer,
    build_visual,
    count_blocks,
    is_tag,
    load_visual,
    text_state,
)
from .text import encode_texts, tokenize

__all__ = [
    'build_clip',
    'build_text',
    'build_transformer',
    'build_visual',
    'count_blocks',
    'embed_dims',
    'encode_texts',
    'get_arch',
    'image_size',
    'is_tag',
    'list_archs',
    'load_visual',
    'set_activation',
    'text_state',
    'tokenize',
    'uses_quick_gelu',
    'weights_digest',
]
