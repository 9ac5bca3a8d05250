"""Explain why weights do not fit an architecture."""

from collections.abc import Iterable, Mapping

from torch import Tensor

from .architectures import get_arch, list_archs

__all__ = ['difference', 'fitting_archs']


def difference(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """What is missing, not expected, or of another shape.

    Args:
        expected (Mapping[str, Tensor]): State dict of the model.
        found (Mapping[str, Tensor]): State dict of the file, under the model's names.

    Returns:
        str: The first names of each kind, empty if everything fits.
    """
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    misshaped = [
        f'{name} {list(value.shape)} instead of {list(expected[name].shape)}'
        for name, value in found.items()
        if name in expected and value.shape != expected[name].shape
    ]
    parts = (('missing', missing), ('unexpected', unexpected), ('of another shape', misshaped))
    return '; '.join(f'{len(items)} {kind}: {_some(items)}' for kind, items in parts if items)


def fitting_archs(state: Mapping[str, Tensor]) -> list[str]:
    """Architectures whose sizes are those of the weights.

    Args:
        state (Mapping[str, Tensor]): State dict under open_clip's names, with or without a text
            tower, of a model whose image tower is open_clip's own vision transformer.

    Returns:
        list[str]: Names, empty if the sizes cannot be told or fit none.
    """
    sizes = _sizes_of_state(state)
    if not sizes:
        return []
    names = []
    for name in list_archs():
        config = _sizes_of_config(name)
        if config and all(config[key] == value for key, value in sizes.items()):
            names.append(name)
    return names


def _sizes_of_state(state: Mapping[str, Tensor]) -> dict[str, int]:
    try:
        conv, proj = state['visual.conv1.weight'], state['visual.proj']
        positions = state['visual.positional_embedding']
    except KeyError:
        return {}
    sizes = {
        'embed_dim': proj.shape[1],
        'width': conv.shape[0],
        'patch_size': conv.shape[-1],
        'patches': positions.shape[0] - 1,
        'layers': _count_blocks(state, 'visual.transformer.resblocks.'),
    }
    text = 'text.' if 'text.token_embedding.weight' in state else ''
    tokens = state.get(f'{text}token_embedding.weight')
    if tokens is not None:
        sizes |= {
            'text_width': tokens.shape[1],
            'vocab_size': tokens.shape[0],
            'text_layers': _count_blocks(state, f'{text}transformer.resblocks.'),
        }
        if f'{text}positional_embedding' in state:
            sizes['context_length'] = state[f'{text}positional_embedding'].shape[0]
    return sizes


def _sizes_of_config(name: str) -> dict[str, int]:
    """The same sizes of a known architecture; empty for towers of other kinds."""
    if name.startswith('coca'):
        return {}
    config = get_arch(name)
    vision, text = config['vision_cfg'], config['text_cfg']
    layers, size = vision.get('layers', 12), vision.get('image_size', 224)
    if 'timm_model_name' in vision or 'hf_model_name' in text or not isinstance(layers, int):
        return {}
    patch = vision.get('patch_size', 16)
    height, width = (size, size) if isinstance(size, int) else size
    return {
        'embed_dim': config['embed_dim'],
        'width': vision.get('width', 768),
        'patch_size': patch,
        'patches': (height // patch) * (width // patch),
        'layers': layers,
        'text_width': text.get('width', 512),
        'vocab_size': text.get('vocab_size', 49408),
        'text_layers': text.get('layers', 12),
        'context_length': text.get('context_length', 77),
    }


def _count_blocks(state: Iterable[str], prefix: str) -> int:
    return len({name[len(prefix) :].split('.')[0] for name in state if name.startswith(prefix)})


def _some(items: list[str], count: int = 3) -> str:
    return ', '.join(items[:count]) + (' ...' if len(items) > count else '')
