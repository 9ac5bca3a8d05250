"""Recognise the formats of CLIP weights and rename them all to open_clip's names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import MGDMError
from .files import find_weights_file, read_sidecar_config, read_state_dict

__all__ = ['Weights', 'read_weights']

# Numbers that OpenAI's archives store beside the weights; no other writer does.
_OPENAI_NUMBERS = ('input_resolution', 'context_length', 'vocab_size')
# Not learned, and rebuilt by every library.
_CONSTANTS = re.compile(r'(^|\.)(attn_mask|position_ids)$')

# Each rule is a pattern of the other library's name and open_clip's name.
_HUGGING_FACE = (
    (r'vision_model\.embeddings\.class_embedding', 'visual.class_embedding'),
    (r'vision_model\.embeddings\.patch_embedding\.', 'visual.conv1.'),
    (r'vision_model\.embeddings\.position_embedding\.weight', 'visual.positional_embedding'),
    # The library's own spelling.
    (r'vision_model\.pre_layrnorm\.', 'visual.ln_pre.'),
    (r'vision_model\.post_layernorm\.', 'visual.ln_post.'),
    (r'vision_model\.encoder\.layers\.', 'visual.transformer.resblocks.'),
    (r'text_model\.embeddings\.token_embedding\.', 'token_embedding.'),
    (r'text_model\.embeddings\.position_embedding\.weight', 'positional_embedding'),
    (r'text_model\.final_layer_norm\.', 'ln_final.'),
    (r'text_model\.encoder\.layers\.', 'transformer.resblocks.'),
    (r'visual_projection\.weight', 'visual.proj'),
    (r'text_projection\.weight', 'text_projection'),
)
_HUGGING_FACE_BLOCK = (
    (r'self_attn\.', 'attn.'),
    (r'layer_norm([12])\.', r'ln_\1.'),
    (r'mlp\.fc1\.', 'mlp.c_fc.'),
    (r'mlp\.fc2\.', 'mlp.c_proj.'),
)
_MMPRETRAIN = (
    (r'visual\.patch_embed\.projection\.', 'visual.conv1.'),
    (r'visual\.cls_token', 'visual.class_embedding'),
    (r'visual\.pos_embed', 'visual.positional_embedding'),
    (r'visual\.pre_norm\.', 'visual.ln_pre.'),
    (r'visual\.ln1\.', 'visual.ln_post.'),
    (r'visual\.layers\.', 'visual.transformer.resblocks.'),
    (r'visual_proj\.proj', 'visual.proj'),
)
_MMPRETRAIN_BLOCK = (
    (r'ln([12])\.', r'ln_\1.'),
    (r'attn\.qkv\.(weight|bias)', r'attn.in_proj_\1'),
    (r'attn\.proj\.', 'attn.out_proj.'),
    (r'ffn\.layers\.0\.0\.', 'mlp.c_fc.'),
    (r'ffn\.layers\.1\.', 'mlp.c_proj.'),
)


@dataclass
class Weights:
    """CLIP weights under open_clip's names.

    Args:
        source (str): File they come from, for messages.
        format (str): ``'open_clip'``, ``'OpenAI'``, ``'Hugging Face'``, ``'MMPretrain'`` or
            ``'MGDM'``.
        state (dict[str, Tensor]): float32 tensors. Image tower under ``visual.``.
        quick_gelu (bool | None): Whether the weights were trained with QuickGELU. None if the file
            does not say.
        reason (str): Where ``quick_gelu`` was found.
    """

    source: str
    format: str
    state: dict[str, Tensor]
    quick_gelu: bool | None = None
    reason: str = ''

    @property
    def has_text(self) -> bool:
        """Whether the text tower is there."""
        return any(name.endswith('token_embedding.weight') for name in self.state)


def read_weights(path: str) -> Weights:
    """Read CLIP weights in any of the formats this package knows.

    Args:
        path (str): File or folder: an open_clip or OpenAI state dict, an OpenAI TorchScript
            archive, a Hugging Face ``CLIPModel``, an MMPretrain CLIP checkpoint, or the image tower
            of one of them, also inside a checkpoint of MGDM.

    Returns:
        Weights: The weights renamed to open_clip's names.

    Raises:
        MGDMError: If the file cannot be read or its names belong to no known format.
    """
    file = find_weights_file(path)
    state = read_state_dict(file)
    state = {name: value for name, value in state.items() if not _CONSTANTS.search(name)}
    if any(name.startswith(('vision_model.', 'text_model.')) for name in state):
        weights = _from_hugging_face(state, file)
    elif any('patch_embed.projection.' in name for name in state):
        weights = _from_mmpretrain(state, file)
    elif any(name.startswith('backbone.visual.') for name in state):
        weights = _from_mgdm(state, file)
    else:
        weights = _from_open_clip(state, file)
    weights.state = {
        name: value.float() if value.is_floating_point() else value
        for name, value in weights.state.items()
    }
    return weights


def _from_open_clip(state: dict[str, Tensor], file: Path) -> Weights:
    """OpenAI's names, which are open_clip's too."""
    numbers = [name for name in _OPENAI_NUMBERS if name in state]
    state = {name: value for name, value in state.items() if name not in _OPENAI_NUMBERS}
    if not any(name.startswith('visual.') for name in state):
        if 'class_embedding' not in state and 'conv1.weight' not in state:
            raise MGDMError(
                f'{file}: these are not CLIP weights in a form of open_clip, OpenAI, Hugging '
                f'Face or MMPretrain; the first names are {_some(state)}'
            )
        # The state dict of the image tower alone.
        state = {f'visual.{name}': value for name, value in state.items()}
    if numbers:
        return Weights(str(file), 'OpenAI', state, True, f'it has `{numbers[0]}`, as OpenAI writes')
    config = read_sidecar_config(file, 'open_clip_config.json')
    if 'model_cfg' in config:
        quick = bool(config['model_cfg'].get('quick_gelu', False))
        return Weights(str(file), 'open_clip', state, quick, 'open_clip_config.json beside it')
    return Weights(str(file), 'open_clip', state)


def _from_mgdm(state: dict[str, Tensor], file: Path) -> Weights:
    """The image tower of a checkpoint that this package trained."""
    prefix = 'backbone.'
    state = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}
    flag = state.pop('quick_gelu', None)
    quick = None if flag is None else bool(flag)
    return Weights(str(file), 'MGDM', state, quick, 'the checkpoint stores it')


def _from_hugging_face(state: dict[str, Tensor], file: Path) -> Weights:
    renamed = _rename(state, _HUGGING_FACE, _HUGGING_FACE_BLOCK)
    for name in ('visual.proj', 'text_projection'):
        if name in renamed:
            # A Linear there, a matrix that multiplies from the right here.
            renamed[name] = renamed[name].T
    config = read_sidecar_config(file, 'config.json')
    if config:
        reason = 'hidden_act in config.json beside it'
        quick = _hugging_face_activation(config, file)
    else:
        reason = "the default of the library's CLIPConfig; there is no config.json beside it"
        quick = True
    return Weights(str(file), 'Hugging Face', _join_attention(renamed), quick, reason)


def _hugging_face_activation(config: dict, file: Path) -> bool:
    # A config of one tower has no sections; the library leaves out what equals its default.
    sections = [config[key] for key in ('vision_config', 'text_config') if config.get(key)]
    found = {section.get('hidden_act', 'quick_gelu') for section in sections or [config]}
    if found == {'quick_gelu'}:
        return True
    if found == {'gelu'}:
        return False
    raise MGDMError(
        f'{file}: config.json has hidden_act {" and ".join(sorted(found))}; expected '
        "'quick_gelu' or 'gelu', the same in both towers"
    )


def _from_mmpretrain(state: dict[str, Tensor], file: Path) -> Weights:
    """MMPretrain's CLIP, or its VisionTransformer alone.

    MMPretrain's image tower adds 1e-6 to variances by default, OpenAI trained with 1e-5.
    A checkpoint does not keep this number; open_clip's 1e-5 is right for weights of OpenAI.
    """
    if not any(name.startswith('visual.') for name in state):
        # A classifier keeps the tower in `backbone.`; the tower saved alone has no prefix.
        state = {
            'visual.' + name.removeprefix('backbone.'): value
            for name, value in state.items()
            if not name.startswith('head.')
        }
    renamed = _rename(state, _MMPRETRAIN, _MMPRETRAIN_BLOCK)
    for name, kept in (('visual.class_embedding', 1), ('visual.positional_embedding', 2)):
        if name in renamed:
            renamed[name] = renamed[name].reshape(renamed[name].shape[-kept:])
    return Weights(
        str(file), 'MMPretrain', renamed, True, "MMPretrain's CLIP is configured with QuickGELU"
    )


def _rename(state: dict[str, Tensor], rules: tuple, block_rules: tuple) -> dict[str, Tensor]:
    """Apply the first rule that fits the start of a name, then one inside a block."""
    renamed = {}
    for name, value in state.items():
        for pattern, new in rules:
            name, hits = re.subn(f'^{pattern}', new, name)
            if hits:
                break
        block = re.match(r'^(?:visual\.)?transformer\.resblocks\.\d+\.', name)
        if block:
            rest = name[block.end() :]
            for pattern, new in block_rules:
                rest, hits = re.subn(f'^{pattern}', new, rest)
                if hits:
                    break
            name = block.group() + rest
        renamed[name] = value
    return renamed


def _join_attention(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Stack separate query, key and value projections as ``in_proj``."""
    joined = {}
    for name, value in state.items():
        part = re.fullmatch(r'(.*\.attn\.)([qkv])_proj\.(weight|bias)', name)
        if not part:
            joined[name] = value
            continue
        names = [f'{part[1]}{letter}_proj.{part[3]}' for letter in 'qkv']
        if not all(other in state for other in names):
            joined[name] = value  # Left as it is, so that the loader names it.
        elif part[2] == 'q':
            joined[f'{part[1]}in_proj_{part[3]}'] = torch.cat([state[other] for other in names])
    return joined


def _some(names: Iterable[str], count: int = 3) -> str:
    names = list(names)
    text = ', '.join(names[:count])
    return text + (f' and {len(names) - count} more' if len(names) > count else '')
