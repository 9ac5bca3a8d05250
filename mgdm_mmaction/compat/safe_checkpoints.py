"""torch.load refuses mmengine's checkpoints since torch 2.6.

It loads with ``weights_only=True`` by default, and mmengine's checkpoints hold more than weights:
log histories (``HistoryBuffer``), numpy arrays and scalars, and methods of ``HistoryBuffer``, which
are pickled as a call of ``getattr`` (open-mmlab/mmengine#1655). Testing and resuming then fail.

We allow exactly those. ``getattr`` on anything else would open the door to arbitrary code, so the
name ``builtins.getattr`` stands for a function of ours that only finds the statistics methods of
``HistoryBuffer``. Everything else is still refused, by an error that names the file; we never fall
back to ``weights_only=False``. Checkpoints by URL go through ``torch.hub``, which does load with
``weights_only=False`` by default: that door is shut, too.
"""

import functools
import pickle
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import torch

from mgdm_mmaction.errors import MGDMError

__all__ = ['apply']

_METHODS = ('min', 'max', 'current', 'mean')
_NUMBERS = ('bool', 'int8', 'int16', 'int32', 'int64', 'uint8', 'float16', 'float32', 'float64')


def apply(module: ModuleType) -> None:
    """Let ``torch.load`` read mmengine's checkpoints, and name the file when it refuses one."""
    CheckpointLoader = module.CheckpointLoader
    torch.serialization.add_safe_globals(_allowed())
    module.load_url = functools.partial(torch.hub.load_state_dict_from_url, weights_only=True)
    for prefix in ('', 'http://', 'https://'):
        loader = CheckpointLoader._get_checkpoint_loader(prefix)
        if not hasattr(loader, '__wrapped__'):
            CheckpointLoader.register_scheme(prefix, _with_clear_errors(loader), force=True)


def _allowed() -> list:
    """All that mmengine 0.10 writes into a checkpoint beside what torch allows by itself."""
    from mmengine.logging import HistoryBuffer

    # Asked of numpy itself, because the module they live in is private and has moved.
    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    allowed: list[Any] = [HistoryBuffer, np.ndarray, np.dtype]
    # numpy 2 moved its core, and files written before that have the old name in them.
    for core in ('numpy.core', 'numpy._core'):
        allowed.append((reconstruct, f'{core}.multiarray._reconstruct'))
        allowed.append((scalar, f'{core}.multiarray.scalar'))
    # The classes of the dtypes, which weights_only checks when it restores a dtype. No 'object'.
    allowed += sorted({type(np.dtype(name)) for name in _NUMBERS}, key=lambda c: c.__name__)
    allowed.append((_getattr_of_history_buffer, 'builtins.getattr'))
    return allowed


def _getattr_of_history_buffer(owner: Any, name: str) -> Callable:
    """Stand in for ``getattr`` while a checkpoint is read."""
    from mmengine.logging import HistoryBuffer

    if owner is HistoryBuffer and name in _METHODS:
        return getattr(HistoryBuffer, name)
    raise pickle.UnpicklingError(
        f'Unsupported global: GLOBAL getattr({getattr(owner, "__name__", owner)!s}, {name!r})'
    )


def _with_clear_errors(load: Callable) -> Callable:
    @functools.wraps(load)  # mmengine prints a part of the loader's name
    def load_naming_the_file(filename: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return load(filename, *args, **kwargs)
        except pickle.UnpicklingError as error:
            raise MGDMError(_refusal(filename, str(error))) from None
        except (OSError, MemoryError, torch.OutOfMemoryError, MGDMError):
            raise
        except Exception as error:  # a damaged file can break the reader in any way
            raise MGDMError(
                f'{filename} cannot be read as a checkpoint ({_first_line(error)}): it is empty, '
                'cut off or not a checkpoint; copy or save it again'
            ) from error

    return load_naming_the_file


def _refusal(filename: str, reason: str) -> str:
    reason = reason.split('WeightsUnpickler error:')[-1].strip()
    found = re.search(
        r'GLOBAL (.+?)(?: was not an allowed| whose module|$)|unrecognized function (.+?)$'
        r'|(Can only (?:build|create) .+?)$',
        reason,
        flags=re.MULTILINE,
    )
    if found is None:
        return (
            f'{filename} cannot be read as a checkpoint ({_first_line(reason)}): it is damaged, or '
            'no file that torch.save wrote'
        )
    wanted = next(group for group in found.groups() if group)
    return (
        f'{filename} was refused and nothing of it was run: it does not only hold weights and '
        f'logs, it asks for {wanted!r} while it is read, which can be an attack. If you trust who '
        "made it, have its weights alone saved again, as dict(state_dict=checkpoint['state_dict'])"
    )


def _first_line(error: object) -> str:
    text = (str(error).strip().splitlines() or [''])[0]
    # torch adds a paragraph; some errors, such as a KeyError, say no word.
    text = text.split('. ')[0][:200].rstrip('.')
    if isinstance(error, Exception) and not re.search(r'[a-z]{3}', text):
        text = f'{type(error).__name__} {text}'.rstrip()
    return text
