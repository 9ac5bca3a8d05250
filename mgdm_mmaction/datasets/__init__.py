"""Pipeline transforms, and checks of annotation files."""

import importlib

from .annotations import check_annotation, check_dataset

# Imported when they are asked for: lists are built and checked without torch.
_LAZY = {
    'AttachHardNegatives': '.transforms',
    'AttachTriplets': '.transforms',
    'SkipUnreadable': '.transforms',
    'VideoDecode': '.transforms',
    'VideoInit': '.transforms',
    'base_datasets': '.wrappers',
}

__all__ = [
    'AttachHardNegatives',
    'AttachTriplets',
    'SkipUnreadable',
    'VideoDecode',
    'VideoInit',
    'base_datasets',
    'check_annotation',
    'check_dataset',
]


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(importlib.import_module(_LAZY[name], __name__), name)
