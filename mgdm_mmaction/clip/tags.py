"""Weights that open_clip can download by name."""

import open_clip

from ..errors import MGDMError
from .formats import Weights, read_weights

__all__ = ['is_tag', 'read_tag']


def is_tag(arch: str, pretrained: str) -> bool:
    """Whether open_clip knows weights of this name for an architecture."""
    return bool(_tag_config(arch, pretrained))


def read_tag(arch: str, tag: str) -> Weights:
    """Download, or take from open_clip's cache, the weights of a tag.

    Args:
        arch (str): Architecture.
        tag (str): Tag, for example ``'openai'``.

    Returns:
        Weights: With the activation that open_clip notes for the tag.

    Raises:
        MGDMError: If the download fails, or the file is one that open_clip alone can convert.
    """
    config = _tag_config(arch, tag)
    try:
        file = open_clip.download_pretrained(config)
    except Exception as error:
        # The hub's client raises a different class for every way a download can fail.
        raise MGDMError(
            f"pretrained='{tag}' of arch '{arch}' could not be downloaded "
            f'({type(error).__name__}: {error}). Without network, download the weights elsewhere '
            'and name the file: --cfg-options model.backbone.pretrained=FILE '
            'model.cls_head.pretrained=FILE'
        ) from error
    weights = read_weights(file)
    weights.quick_gelu = bool(config.get('quick_gelu', False))
    weights.reason = f"open_clip's note on the tag '{tag}'"
    return weights


def _tag_config(arch: str, tag: str) -> dict:
    return open_clip.get_pretrained_cfg(arch.replace('/', '-'), tag)
