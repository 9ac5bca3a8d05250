"""The only door to open_clip: architectures, towers, weights and texts.

Example:
    >>> from mgdm_mmaction.clip import build_clip, encode_texts
    >>> model = build_clip('mgdm-tiny')
    >>> encode_texts(model, ['This is a video about juggling'], 'mgdm-tiny').shape
    torch.Size([1, 128])
"""

from .architectures import embed_dims, get_arch, image_size, list_archs
from .build import build_clip
from .digest import weights_digest
from .text import encode_texts, tokenize

__all__ = [
    'build_clip',
    'embed_dims',
    'encode_texts',
    'get_arch',
    'image_size',
    'list_archs',
    'tokenize',
    'weights_digest',
]
