"""Build CLIP models and image towers, with random weights or with loaded ones."""

from pathlib import Path

import open_clip
from mmengine.logging import print_log
from open_clip.model import CustomTextCLIP, _build_text_tower, _build_vision_tower
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from ..errors import MGDMError
from .activation import choose_quick_gelu, set_activation
from .architectures import get_arch
from .describe import difference, fitting_archs
from .formats import Weights, read_weights
from .tags import is_tag, read_tag

__all__ = ['build_clip', 'build_text', 'build_visual', 'count_blocks', 'load_visual', 'text_state']


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
            weights tell, or else as the architecture says.
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
    config = get_arch(arch)
    vision_cfg = {**config['vision_cfg'], 'patch_dropout': patch_dropout}
    if 'timm_model_name' in vision_cfg:
        vision_cfg['timm_model_pretrained'] = False
    return _build_vision_tower(
        config['embed_dim'], vision_cfg, quick_gelu=choose_quick_gelu(arch, quick_gelu)
    )


def build_text(arch: str, quick_gelu: bool | None = None) -> nn.Module:
    """Build the text tower alone, with random weights.

    Args:
        arch (str): Architecture, see :func:`~mgdm_mmaction.clip.get_arch`.
        quick_gelu (bool, optional): Activation. Defaults to None: as the architecture says.

    Returns:
        nn.Module: open_clip's tower; tokens [N, L] of :func:`tokenize` -> [N, D].
    """
    config = get_arch(arch)
    text_cfg = dict(config['text_cfg'])
    if text_cfg.get('hf_model_name'):
        text_cfg['hf_model_pretrained'] = False
    quick = choose_quick_gelu(arch, quick_gelu)
    return _build_text_tower(config['embed_dim'], text_cfg, quick_gelu=quick)


def text_state(model: nn.Module) -> dict[str, Tensor]:
    """Return the weights of a CLIP model's text tower, under the names of :func:`build_text`.

    Args:
        model (nn.Module): Model of :func:`build_clip`.
    """
    shared = ('visual.', 'logit_scale', 'logit_bias')
    state = model.state_dict()
    return {k.removeprefix('text.'): v for k, v in state.items() if not k.startswith(shared)}


def count_blocks(visual: nn.Module) -> int | None:
    """Number of transformer blocks of an image tower.

    Args:
        visual (nn.Module): Tower of :func:`build_visual`.

    Returns:
        int | None: None if it is no vision transformer of open_clip's own (ResNet, timm).
    """
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


def _new_model(arch: str, config: dict) -> nn.Module:
    """Model with random weights; the towers of other libraries never fetch their own."""
    vision_cfg, text_cfg = dict(config['vision_cfg']), dict(config['text_cfg'])
    language_model = text_cfg.get('hf_model_name')
    if 'timm_model_name' in vision_cfg:
        vision_cfg['timm_model_pretrained'] = False
    if language_model:
        text_cfg['hf_model_pretrained'] = False
    custom = config.pop('custom_text', False) or language_model
    model_class = CustomTextCLIP if custom else open_clip.CLIP
    try:
        return model_class(**{**config, 'vision_cfg': vision_cfg, 'text_cfg': text_cfg})
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
        return read_tag(arch, pretrained)
    if Path(pretrained).expanduser().exists():
        return read_weights(pretrained)
    get_arch(arch)  # An unknown architecture has no tags: say that first.
    tags = open_clip.list_pretrained_tags_by_model(arch.replace('/', '-'))
    known = f'the tags of this arch are: {", ".join(tags)}' if tags else 'this arch has no tags'
    raise MGDMError(
        f"pretrained='{pretrained}': neither a file or folder, nor a tag of arch '{arch}'; {known}"
    )


def _text_names(state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """Put the text tower under ``text.`` or not, as the model has it."""
    shared = ('visual.', 'logit_scale', 'logit_bias')
    if hasattr(model, 'text'):
        return {k if k.startswith(('text.', *shared)) else f'text.{k}': v for k, v in state.items()}
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
    problem = difference(expected, state)
    if problem:
        hints = []
        fitting = fitting_archs(weights.state)
        if fitting and arch not in fitting:
            hints.append(f'their shapes fit arch {" or ".join(fitting)}')
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
