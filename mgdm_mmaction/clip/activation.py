"""GELU or QuickGELU, which shapes of weights do not show, and the digest that counts it in."""

import hashlib
from collections.abc import Mapping

import torch
from mmengine.logging import print_log
from open_clip.transformer import QuickGELU
from torch import Tensor, nn

from .architectures import get_arch
from .formats import Weights

__all__ = ['choose_quick_gelu', 'set_activation', 'uses_quick_gelu', 'weights_digest']


def choose_quick_gelu(
    arch: str, option: bool | None = None, weights: Weights | None = None
) -> bool:
    """Decide which activation goes with some weights, and log the decision.

    The user's option comes first, then what the weights say, then the architecture's own setting
    (``ViT-L-14-quickgelu`` has it, ``ViT-L-14`` does not).

    Args:
        arch (str): Architecture.
        option (bool, optional): The user's choice. Defaults to None.
        weights (Weights, optional): The weights. Defaults to None: random ones.

    Returns:
        bool: True for QuickGELU.
    """
    noted = weights.quick_gelu if weights else None
    quick, reason, level = bool(get_arch(arch).get('quick_gelu', False)), f"arch '{arch}'", 20
    if option is not None:
        quick, reason = option, 'option quick_gelu'
        if noted is not None and noted != option:
            reason += f', against {weights.reason}'
            level = 30
    elif noted is not None:
        quick, reason = noted, weights.reason
    if weights:
        name = 'QuickGELU' if quick else 'GELU'
        message = f'CLIP weights {weights.source} ({weights.format}): activation {name} ({reason})'
        if noted is None and option is None:
            message += '; the file does not say, set quick_gelu if this is wrong'
        print_log(message, logger='current', level=level)
    return quick


def uses_quick_gelu(module: nn.Module) -> bool:
    """Whether a model or tower computes with QuickGELU."""
    return any(isinstance(part, QuickGELU) for part in module.modules())


def set_activation(module: nn.Module, quick_gelu: bool) -> None:
    """Give all transformer blocks of open_clip inside a module one activation.

    Towers of timm, Hugging Face and ResNets have activations of their own, which stay.

    Args:
        module (nn.Module): Model or tower, changed in place.
        quick_gelu (bool): True for QuickGELU, False for GELU.
    """
    kinds = (QuickGELU, nn.GELU)
    new, old = kinds if quick_gelu else kinds[::-1]
    for mlp in module.modules():
        # `gelu` is the name of the activation inside open_clip's residual blocks.
        if isinstance(mlp, nn.Sequential) and isinstance(getattr(mlp, 'gelu', None), old):
            mlp.gelu = new()


def weights_digest(weights: nn.Module | Mapping[str, Tensor]) -> str:
    """Digest of weights that does not depend on how they were stored.

    Every tensor counts with its name, shape and float32 values, in the order of the names. So the
    same weights loaded from different file formats, or held as fp16 and as fp32, agree. A module
    that computes with QuickGELU has another digest than one that computes with GELU, because the
    same tensors then give other embeddings; a state dict cannot show it, and counts as GELU.

    Args:
        weights (nn.Module | Mapping[str, Tensor]): Module or state dict.

    Returns:
        str: The first 16 digits of a SHA-256.
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
    return digest.hexdigest()[:16]
