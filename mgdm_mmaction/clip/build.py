"""Build CLIP models and image towers, with random weights or with loaded ones."""

import logging
import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import open_clip
from mmengine.logging import print_log
from open_clip.model import (
    CustomTextCLIP,
    _build_text_tower,
    _build_vision_tower,
    resize_pos_embed,
)
from open_clip.transformer import QuickGELU, Transformer, VisionTransformer
from torch import Tensor, nn

from ..errors import MGDMError
from .activation import choose_quick_gelu, set_activation
from .architectures import get_arch, image_size, list_archs
from .download import download_tag
from .formats import Weights, read_weights

__all__ = [
    'build_clip',
    'build_text',
    'build_transformer',
    'build_visual',
    'count_blocks',
    'is_tag',
    'load_visual',
    'text_state',
]

# What is in a state dict of CLIP beside the text tower.
_SHARED = ('visual.', 'logit_scale', 'logit_bias')


def build_clip(
    arch: str,
    pretrained: str | None = None,
    quick_gelu: bool | None = None,
    **model_kwargs,
) -> nn.Module:
    """Build a CLIP model: image tower, text tower and logit scale.

    Args:
        arch (str): Architecture, see :func:`~mgdm_mmaction.clip.get_arch`.
        pretrained (str, optional): Weights: a tag of open_clip (``'openai'``), or a file or folder
            in the form of open_clip, OpenAI (state dict or TorchScript archive), Hugging Face or
            MMPretrain. Defaults to None: random weights.
        quick_gelu (bool, optional): True for QuickGELU, False for GELU. Defaults to None: as the
            weights say, or else as the architecture does.
        **model_kwargs: Other arguments of open_clip's ``CLIP``, for example ``init_logit_scale``.

    Returns:
        nn.Module: open_clip's model in float32, on the CPU, in evaluation mode.

    Raises:
        MGDMError: If the architecture or the tag is unknown, the weights cannot be had or read, do
            not fit, or lack the text tower.

    Example:
        >>> build_clip('mgdm-tiny').visual.output_dim
        128
        >>> model = build_clip('ViT-L-14', 'openai')  # doctest: +SKIP
    """
    weights = _read(arch, pretrained) if pretrained else None
    config = get_arch(arch)
    config['quick_gelu'] = choose_quick_gelu(arch, quick_gelu, weights)
    model = _new_model(arch, {**config, **model_kwargs})
    if weights:
        if not weights.has_text:
            raise MGDMError(
                f'{weights.source} ({weights.format}): holds the image tower only, but the text '
                f"tower of arch '{arch}' is needed here. Pass weights of the whole CLIP model; the "
                'image tower alone is enough for CLIPBackbone.'
            )
        _load(model, _text_names(weights.state, model), weights, arch)
    return model.eval()


def build_visual(
    arch: str, quick_gelu: bool | None = None, patch_dropout: float = 0.0
) -> nn.Module:
    """Build the image tower alone, with random weights.

    Args:
        arch (str): Architecture, see :func:`~mgdm_mmaction.clip.get_arch`.
        quick_gelu (bool, optional): Activation. Defaults to None: as the architecture says.
        patch_dropout (float, optional): Part of the patches to drop in training. Defaults to 0.

    Returns:
        nn.Module: open_clip's tower; images [N, 3, H, W] -> [N, D].
    """
    config = _untrained(get_arch(arch))
    vision_cfg = {**config['vision_cfg'], 'patch_dropout': patch_dropout}
    quick = choose_quick_gelu(arch, quick_gelu)
    return _build_vision_tower(config['embed_dim'], vision_cfg, quick_gelu=quick)


def build_text(arch: str, quick_gelu: bool | None = None) -> nn.Module:
    """Build the text tower alone, with random weights.

    Args:
        arch (str): Architecture, see :func:`~mgdm_mmaction.clip.get_arch`.
        quick_gelu (bool, optional): Activation. Defaults to None: as the architecture says.

    Returns:
        nn.Module: open_clip's tower; tokens [N, L] of :func:`tokenize` -> [N, D].
    """
    config = _untrained(get_arch(arch))
    quick = choose_quick_gelu(arch, quick_gelu)
    return _build_text_tower(config['embed_dim'], config['text_cfg'], quick_gelu=quick)


def build_transformer(embed_dims: int, num_layers: int, num_heads: int) -> Transformer:
    """Build pre-LN self-attention blocks with a QuickGELU feed-forward net of width 4 D.

    Args:
        embed_dims (int): Width D.
        num_layers (int): Number of blocks.
        num_heads (int): Attention heads of a block.

    Returns:
        open_clip.transformer.Transformer: Maps [B, L, D] to [B, L, D]; its blocks are
        ``.resblocks``.
    """
    return Transformer(embed_dims, num_layers, num_heads, act_layer=QuickGELU)


def text_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a CLIP model's text tower, under the names of :func:`build_text`."""
    state = model.state_dict()
    return {k.removeprefix('text.'): v for k, v in state.items() if not k.startswith(_SHARED)}


def count_blocks(visual: nn.Module) -> int | None:
    """Number of transformer blocks of an image tower, None if it is a ResNet or one of timm."""
    if isinstance(visual, VisionTransformer):
        return len(visual.transformer.resblocks)
    return None


def load_visual(
    visual: nn.Module, arch: str, pretrained: str, quick_gelu: bool | None = None
) -> bool:
    """Load weights into an image tower and set its activation to theirs.

    Args:
        visual (nn.Module): Tower of :func:`build_visual`, changed in place.
        arch (str): Its architecture.
        pretrained (str): As for :func:`build_clip`; a file of the image tower alone will do.
        quick_gelu (bool, optional): As for :func:`build_clip`. Defaults to None.

    Returns:
        bool: Whether the activation is QuickGELU.

    Raises:
        MGDMError: If the weights cannot be had or read, or do not fit.
    """
    weights = _read(arch, pretrained)
    prefix = 'visual.'
    state = {k[len(prefix) :]: v for k, v in weights.state.items() if k.startswith(prefix)}
    _load(visual, state, weights, arch)
    quick = choose_quick_gelu(arch, quick_gelu, weights)
    set_activation(visual, quick)
    return quick


def _untrained(config: dict) -> dict:
    """Keep the towers of other libraries from fetching their own weights."""
    if 'timm_model_name' in config['vision_cfg']:
        config['vision_cfg']['timm_model_pretrained'] = False
    if config['text_cfg'].get('hf_model_name'):
        config['text_cfg']['hf_model_pretrained'] = False
    return config


def _new_model(arch: str, config: dict) -> nn.Module:
    config = _untrained(config)
    language_model = config['text_cfg'].get('hf_model_name')
    custom = config.pop('custom_text', False) or language_model
    try:
        return (CustomTextCLIP if custom else open_clip.CLIP)(**config)
    except Exception as error:
        if not language_model:
            raise
        # Without the transformers package or without network: a different class for every way.
        raise MGDMError(
            f"arch '{arch}': its text tower '{language_model}' comes from the Hugging Face hub, "
            f'needs the transformers package, and could not be built ({type(error).__name__})'
        ) from error


def _read(arch: str, pretrained: str) -> Weights:
    """Weights of a tag or a file; the tag wins, as in open_clip."""
    if not isinstance(pretrained, str | Path):
        raise MGDMError(f'`pretrained` should be a string, but got {pretrained!r}')
    pretrained = str(pretrained)
    if is_tag(arch, pretrained):
        return _read_tag(arch, pretrained)
    if Path(pretrained).expanduser().exists():
        return read_weights(pretrained)
    get_arch(arch)  # An unknown architecture has no tags: say that first.
    tags = open_clip.list_pretrained_tags_by_model(arch.replace('/', '-'))
    known = f'the tags of this arch are: {", ".join(tags)}' if tags else 'this arch has no tags'
    if arch == 'mgdm-tiny':
        known += '; train it: tools/train_tiny_clip.py, for the toy data tools/train_toy_clip.py'
    raise MGDMError(
        f"pretrained='{pretrained}': neither a file or folder, nor a tag of arch '{arch}'; {known}"
    )


def is_tag(arch: str, pretrained: str) -> bool:
    """Whether open_clip knows weights of this name for an architecture."""
    return bool(_tag_config(arch, pretrained))


def _tag_config(arch: str, tag: str) -> dict:
    return open_clip.get_pretrained_cfg(arch.replace('/', '-'), tag)


def _read_tag(arch: str, tag: str) -> Weights:
    """Download weights, or take them from open_clip's cache, with its note on the activation."""
    config = _tag_config(arch, tag)
    try:
        file = download_tag(config)
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


def _text_names(state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Put the text tower under ``text.`` or not, as the model has it."""
    if hasattr(model, 'text'):
        own = ('text.', *_SHARED)
        return {k if k.startswith(own) else f'text.{k}': v for k, v in state.items()}
    return {k.removeprefix('text.'): v for k, v in state.items()}


def _load(module: nn.Module, state: dict[str, Tensor], weights: Weights, arch: str) -> None:
    """Load strictly, and explain what does not fit."""
    expected = module.state_dict()
    state = {
        # Scalars are written as [] by some and as [1] by others.
        k: v.reshape(expected[k].shape)
        if k in expected and v.numel() == 1 == expected[k].numel()
        else v
        for k, v in state.items()
    }
    state = _fit_positions(module, state, weights.source)
    problem = _difference(expected, state)
    if problem:
        hints = []
        fitting = _fitting_archs(weights.state)
        if fitting and arch not in fitting:
            hints.append(f'their image tower fits arch {" or ".join(fitting)}')
        if 'visual.proj' not in weights.state and 'visual.class_embedding' in weights.state:
            hints.append(
                'they have no projection into the space of the texts (an image classifier drops '
                'it), so they cannot be compared with texts'
            )
        raise MGDMError(
            f"{weights.source} ({weights.format}): the weights do not fit arch '{arch}': {problem}."
            + ''.join(f' Note: {hint}.' for hint in hints)
        )
    module.load_state_dict(state)
    print_log(f'loaded {len(state)} CLIP tensors from {weights.source}', logger='current')


def _fit_positions(module: nn.Module, state: dict, source: str) -> dict:
    """Interpolate the positions of patches where the weights are of another resolution."""
    visual = getattr(module, 'visual', module)
    prefix = '' if visual is module else 'visual.'
    key = f'{prefix}positional_embedding'
    own, loaded = getattr(visual, 'positional_embedding', None), state.get(key)
    if (
        not isinstance(visual, VisionTransformer)
        or loaded is None
        or loaded.shape == own.shape
        or loaded.shape[1:] != own.shape[1:]
        or math.isqrt(len(loaded) - 1) ** 2 != len(loaded) - 1
        or state.get(f'{prefix}conv1.weight', visual.conv1.weight).shape
        != visual.conv1.weight.shape
    ):
        return state
    resized = {'visual.positional_embedding': loaded}
    resize_pos_embed(resized, SimpleNamespace(visual=visual))
    side = math.isqrt(len(loaded) - 1)
    height, width = visual.grid_size
    print_log(
        f'{source}: weights of another resolution, the positions of {side} x {side} patches are '
        f'interpolated to {height} x {width}',
        logger='current',
        level=logging.WARNING,
    )
    return {**state, key: resized['visual.positional_embedding']}


def _difference(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """What is missing, not expected, or of another shape; empty if everything fits."""
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    misshaped = [
        f'{name} {list(value.shape)} instead of {list(expected[name].shape)}'
        for name, value in found.items()
        if name in expected and value.shape != expected[name].shape
    ]
    return '; '.join(
        f'{len(names)} {kind}: {", ".join(names[:3])}' + (' ...' if len(names) > 3 else '')
        for kind, names in (
            ('missing', missing),
            ('unexpected', unexpected),
            ('of another shape', misshaped),
        )
        if names
    )


def _fitting_archs(state: Mapping[str, Tensor]) -> list[str]:
    """Architectures with an image tower of open_clip's own that has the sizes of these weights."""
    names = ('visual.proj', 'visual.conv1.weight', 'visual.positional_embedding')
    if not all(name in state for name in names):
        return []
    proj, conv, positions = (state[name].shape for name in names)
    layers = len(
        {re.search(r'resblocks\.\d+', k)[0] for k in state if k.startswith('visual.transformer.')}
    )
    sizes = (proj[1], conv[0], conv[-1], positions[0] - 1, layers)
    return [name for name in list_archs() if _sizes(name) == sizes]


def _sizes(arch: str) -> tuple | None:
    """Embedding, width, patch, number of patches, blocks; None for towers of other kinds."""
    if arch.startswith('coca'):
        return None
    config = get_arch(arch)
    vision = config['vision_cfg']
    layers, patch = vision.get('layers', 12), vision.get('patch_size', 16)
    if 'timm_model_name' in vision or not isinstance(layers, int):
        return None
    height, width = image_size(arch)
    count = (height // patch) * (width // patch)
    return config['embed_dim'], vision.get('width', 768), patch, count, layers
