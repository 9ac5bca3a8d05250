"""Read weight files from disk without running what they hold."""

import json
import pickle
import re
import warnings
import zipfile
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import MGDMError, require_file

__all__ = ['find_weights_file', 'read_sidecar_config', 'read_state_dict']

# Names that open_clip's and Hugging Face's own `save_pretrained` write, the safer format first.
_FOLDER_NAMES = (
    'open_clip_model.safetensors',
    'open_clip_pytorch_model.safetensors',
    'open_clip_pytorch_model.bin',
    'model.safetensors',
    'pytorch_model.bin',
)


def find_weights_file(path: str | Path) -> Path:
    """Path of the weights: the file itself, or the one inside a saved model's folder."""
    path = Path(path).expanduser()
    if path.is_dir():
        for name in _FOLDER_NAMES:
            if (path / name).is_file():
                return path / name
        raise MGDMError(
            f'{path}: this folder holds none of {", ".join(_FOLDER_NAMES)}; pass the weights file '
            'itself (a model split over several files has to be saved as one first)'
        )
    require_file(path, 'file of CLIP weights')
    return path


def read_sidecar_config(path: Path, name: str) -> dict:
    """Content of a JSON file such as ``config.json`` beside the weights, empty without one."""
    path = path.with_name(name)
    if not path.is_file():
        return {}
    try:
        config = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise MGDMError(f'{path}: not a JSON file: {error}') from error
    return config if isinstance(config, dict) else {}


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """State dict of a safetensors file, a checkpoint or a TorchScript archive.

    Checkpoints are read with ``weights_only=True``: one that pickles anything else than tensors and
    plain data is refused. Of a TorchScript archive only the tensors are taken.

    Args:
        path (Path): File.

    Returns:
        dict[str, Tensor]: Names as the file has them, without the wrappers' prefixes
        (``module.``, ``_orig_mod.``).

    Raises:
        MGDMError: If the file cannot be read, is refused, or holds no state dict.
    """
    if path.suffix == '.safetensors':
        try:
            state = load_file(path)
        except (SafetensorError, OSError) as error:
            raise MGDMError(f'{path}: not a readable safetensors file: {error}') from error
    elif _is_torchscript(path):
        try:
            with warnings.catch_warnings():
                # Deprecated for new archives; those that exist can be read in no other way.
                warnings.simplefilter('ignore', FutureWarning)
                state = torch.jit.load(str(path), map_location='cpu').state_dict()
        except RuntimeError as error:
            raise MGDMError(f'{path}: broken TorchScript archive: {_first_line(error)}') from error
    else:
        state = _unwrap(_load_checkpoint(path), path)
    return _strip_wrappers(state)


def _is_torchscript(path: Path) -> bool:
    """Whether the file is a zip archive with TorchScript code in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    return any(name.endswith('/constants.pkl') for name in names) and any(
        '/code/' in name for name in names
    )


def _load_checkpoint(path: Path) -> object:
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r'GLOBAL ([\w.]+)', str(error))
        if found:
            raise MGDMError(
                f'{path}: refused, because it pickles `{found[1]}`, which is code and not weights. '
                'Save the state dict alone: torch.save(model.state_dict(), file)'
            ) from error
        raise MGDMError(f'{path}: not a checkpoint{_guess(path)}: {_first_line(error)}') from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise MGDMError(
            f'{path}: cannot be read as a checkpoint{_guess(path)}: {_first_line(error)}'
        ) from error


def _unwrap(checkpoint: object, path: Path) -> dict[str, Tensor]:
    """The state dict inside a training checkpoint, checked to hold tensors only."""
    if isinstance(checkpoint, dict):
        for key in ('state_dict', 'model'):
            if isinstance(checkpoint.get(key), dict):
                checkpoint = checkpoint[key]
                break
    if not isinstance(checkpoint, dict) or not checkpoint:
        raise MGDMError(f'{path}: expected a state dict, but found {type(checkpoint).__name__}')
    # OpenAI's state dicts note the image size and the like as plain numbers.
    state = {
        name: torch.tensor(value) if isinstance(value, int | float) else value
        for name, value in checkpoint.items()
    }
    other = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if other:
        raise MGDMError(
            f'{path}: expected a state dict of tensors, but `{other[0]}` is '
            f'{type(state[other[0]]).__name__}'
        )
    return state


def _strip_wrappers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    for prefix in ('module.', '_orig_mod.'):
        if all(name.startswith(prefix) for name in state):
            state = {name[len(prefix) :]: value for name, value in state.items()}
    return dict(state)


def _guess(path: Path) -> str:
    """What a broken download most often is."""
    with path.open('rb') as file:
        head = file.read(64).lstrip().lower()
    if head.startswith(b'version https://git-lfs'):
        return ' (it is a Git LFS pointer, the weights themselves were not downloaded)'
    if head.startswith(b'<'):
        return ' (it is a web page, the download went wrong)'
    return ''


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
