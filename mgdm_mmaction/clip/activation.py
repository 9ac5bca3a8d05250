"""GELU or QuickGELU: the one thing about CLIP that shapes of weights do not tell."""

from mmengine.logging import print_log
from open_clip.transformer import QuickGELU
from torch import nn

from .architectures import get_arch
from .formats import Weights

__all__ = ['choose_quick_gelu', 'set_activation', 'uses_quick_gelu']


def choose_quick_gelu(
    arch: str, option: bool | None = None, weights: Weights | None = None
) -> bool:
    """Decide which activation goes with some weights, and log the decision.

    The user's option comes first, then what the weights tell, then the architecture's own setting
    (``ViT-L-14-quickgelu`` has it, ``ViT-L-14`` does not).

    Args:
        arch (str): Architecture.
        option (bool, optional): The user's choice. Defaults to None.
        weights (Weights, optional): The weights. Defaults to None: random ones.

    Returns:
        bool: True for QuickGELU.
    """
    told = weights.quick_gelu if weights else None
    quick, reason, level = bool(get_arch(arch).get('quick_gelu', False)), f"arch '{arch}'", 20
    if option is not None:
        quick, reason = option, 'option quick_gelu'
        if told is not None and told != option:
            reason += f', against {weights.reason}'
            level = 30
    elif told is not None:
        quick, reason = told, weights.reason
    if weights:
        name = 'QuickGELU' if quick else 'GELU'
        message = f'CLIP weights {weights.source} ({weights.format}): activation {name} ({reason})'
        if told is None and option is None:
            message += '; the file does not tell, set quick_gelu if this is wrong'
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
