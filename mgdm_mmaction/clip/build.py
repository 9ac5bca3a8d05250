"""Build CLIP models and image towers, with random weights or with loaded ones."""

import open_clip
from open_clip.model import CustomTextCLIP, _build_vision_tower
from torch import nn

from .architectures import get_arch

__all__ = ['build_clip']


def build_clip(
    arch: str, pretrained: str | None = None, quick_gelu: bool | None = None, **model_kwargs
) -> nn.Module:
    config = get_arch(arch)
    custom = config.pop('custom_text', False)
    config.update(model_kwargs)
    model = CustomTextCLIP(**config) if custom else open_clip.CLIP(**config)
    return model.eval()


