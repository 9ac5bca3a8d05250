"""What Python users call: train, test, mine, load a model, recognise videos.

Each name is imported when it is first used, because most of them bring PyTorch and MMAction2.
"""

from importlib import import_module
from typing import Any

_PLACES = {
    'MGDMInferencer': '.inferencer',
    'load_recognizer': '.loading',
    'mine': '..mining.miner',
    'read_config': '..config',
    'run_testing': '.test',
    'run_training': '.train',
}

__all__ = list(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(_PLACES[name], __name__), name)
