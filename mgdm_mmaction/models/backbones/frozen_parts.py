"""Which parts of CLIP's image tower are not trained."""

from torch import nn

from ...errors import MGDMError

__all__ = ['check_frozen_stages', 'frozen_parts']

# Everything before the first block: what MMPretrain calls stage 0.
STEM = ('conv1', 'class_embedding', 'positional_embedding', 'ln_pre')
NAMES = ('all', 'all_but_norm')


def check_frozen_stages(
    stages: int | str, freeze_proj: bool, num_layers: int | None, arch: str
) -> None:
    """Raise if an option of the freezing makes no sense.

    Args:
        stages (int | str): -1, 0, the number of blocks, 'all' or 'all_but_norm'.
        freeze_proj (bool): Whether the projection is frozen, too.
        num_layers (int, optional): Blocks of the tower, None if it has none of open_clip.
        arch (str): Name of the architecture, for the message.

    Raises:
        MGDMError: If the tower has no such part.
    """
    if num_layers is None and (freeze_proj or stages == 'all_but_norm'):
        raise MGDMError(
            "CLIPBackbone: freeze_proj and frozen_stages='all_but_norm' need a ViT tower of "
            f"open_clip, arch '{arch}' has another one"
        )
    last = -1 if num_layers is None else num_layers
    if stages in NAMES or (type(stages) is int and -1 <= stages <= last):
        return
    raise MGDMError(
        "CLIPBackbone: frozen_stages should be 'all', 'all_but_norm' or a number from -1 to "
        f"{last} for arch '{arch}', but got {stages!r}"
    )


def frozen_parts(
    visual: nn.Module, stages: int | str, freeze_proj: bool
) -> list[nn.Module | nn.Parameter]:
    """List what is frozen: modules, which stay in evaluation mode, and single parameters.

    Args:
        visual (nn.Module): The image tower.
        stages (int | str): See :func:`check_frozen_stages`.
        freeze_proj (bool): Likewise.

    Returns:
        list[nn.Module | nn.Parameter]: The parts.
    """
    if stages == 'all':
        return [visual]
    parts: list[nn.Module | nn.Parameter] = []
    if stages == 'all_but_norm':
        norms = (module for module in visual.modules() if isinstance(module, nn.LayerNorm))
        trained = {id(param) for norm in norms for param in norm.parameters()}
        # Parameters and not modules: a norm lies inside what would be frozen.
        parts += [param for param in visual.parameters() if id(param) not in trained]
    elif stages >= 0:
        parts += [getattr(visual, name) for name in STEM]
        parts += visual.transformer.resblocks[:stages]
    if freeze_proj and visual.proj is not None:
        parts.append(visual.proj)
    return parts
