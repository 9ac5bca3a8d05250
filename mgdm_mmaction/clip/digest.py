"""A short name for a set of weights."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .activation import uses_quick_gelu

__all__ = ['weights_digest']


def weights_digest(weights: nn.Module | Mapping[str, Tensor], length: int = 16) -> str:
    """Digest of weights that does not depend on how they were stored.

    Every tensor counts with its name, shape and float32 values, in the order of the names. So the
    same weights loaded from different file formats, or held as fp16 and as fp32, agree. A module
    that computes with QuickGELU has another digest than one that computes with GELU, because the
    same tensors then give other embeddings; a state dict cannot tell, and counts as GELU.

    Args:
        weights (nn.Module | Mapping[str, Tensor]): Module or state dict.
        length (int, optional): Hexadecimal digits to keep. Defaults to 16.

    Returns:
        str: The first ``length`` digits of a SHA-256.
    """
    state = weights.state_dict() if isinstance(weights, nn.Module) else weights
    digest = hashlib.sha256()
    if isinstance(weights, nn.Module) and uses_quick_gelu(weights):
        digest.update(b'quick_gelu')
    for name in sorted(state):
        value = state[name].detach().cpu()
        if value.is_floating_point():
            value = value.float()
        digest.update(f'{name}{tuple(value.shape)}'.encode())
        # A view as bytes works for every dtype, and for 0-d tensors after the reshape.
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:length]
