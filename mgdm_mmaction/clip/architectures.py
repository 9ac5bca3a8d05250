"""Names of CLIP architectures and their configurations."""

import difflib
import functools
import json
from pathlib import Path

import open_clip

from ..errors import MGDMError

__all__ = ['embed_dims', 'get_arch', 'image_size', 'list_archs']

_PACKAGED = Path(__file__).resolve().parent / 'model_configs'
_SECTIONS = ('embed_dim', 'vision_cfg', 'text_cfg')


def list_archs() -> list[str]:
    """Sorted names of all architectures: open_clip's and the packaged ones."""
    _register_packaged()
    return sorted(open_clip.list_models())


def get_arch(arch: str) -> dict:
    """Configuration of an architecture, as open_clip writes it.

    Args:
        arch (str): Name that open_clip knows (``'ViT-L-14'`` or ``'ViT-L/14'``), name of a packaged
            architecture (``'mgdm-tiny'``), or path of a JSON file of the same form.

    Returns:
        dict: A copy with ``embed_dim``, ``vision_cfg``, ``text_cfg`` and, where the architecture
        has it, ``quick_gelu``.

    Raises:
        MGDMError: If the name is unknown, or the file cannot be read or lacks a section.
    """
    if not isinstance(arch, str):
        raise MGDMError(f'`arch` should be a string, but got {arch!r}')
    config = _read_json(Path(arch)) if arch.endswith('.json') else _named_config(arch)
    if 'multimodal_cfg' in config:
        raise MGDMError(
            f"arch '{arch}' is a CoCa model: it has a captioning decoder and its image tower "
            'returns tokens beside the embedding. Take a CLIP architecture, for example ViT-B-32.'
        )
    return config


def embed_dims(arch: str) -> int:
    """Width D of the space that images and texts share."""
    return int(get_arch(arch)['embed_dim'])


def image_size(arch: str) -> tuple[int, int]:
    """Height and width of the images that the image tower takes."""
    size = get_arch(arch)['vision_cfg'].get('image_size', 224)
    height, width = (size, size) if isinstance(size, int) else size
    return int(height), int(width)


@functools.lru_cache(maxsize=1)
def _register_packaged() -> None:
    """Register the packaged files with open_clip, once, on first use and not on import."""
    open_clip.add_model_config(_PACKAGED)


def _named_config(arch: str) -> dict:
    _register_packaged()
    config = open_clip.get_model_config(arch.replace('/', '-'))
    if config is not None:
        return config
    near = difflib.get_close_matches(arch.lower(), [n.lower() for n in list_archs()], 5, 0.5)
    near = [name for name in list_archs() if name.lower() in near]
    hint = f'Near names: {", ".join(near)}. ' if near else ''
    raise MGDMError(
        f"unknown CLIP architecture '{arch}'. {hint}Expected a name that open_clip.list_models() "
        "prints, 'mgdm-tiny', or the path of an open_clip model configuration ending in .json."
    )


def _read_json(path: Path) -> dict:
    try:
        config = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise MGDMError(f'{path}: cannot read the architecture file: {error.strerror}') from error
    except ValueError as error:
        raise MGDMError(f'{path}: not a JSON file: {error}') from error
    # A folder saved for the hub keeps the architecture one level down.
    config = config.get('model_cfg', config) if isinstance(config, dict) else {}
    missing = [key for key in _SECTIONS if key not in config]
    if missing:
        raise MGDMError(
            f'{path}: an architecture needs the keys {", ".join(_SECTIONS)}; missing: '
            f'{", ".join(missing)}'
        )
    return config
