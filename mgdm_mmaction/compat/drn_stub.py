"""The published wheel of mmaction2 1.2.0 lacks one package that it imports.

``mmaction/models/localizers/__init__.py`` imports ``.drn.drn``, which the wheel does not hold, so
``import mmaction.models`` fails (open-mmlab/mmaction2#2714). DRN localises actions by a sentence
and has nothing to do with recognition: an empty stand-in for that one module is enough.
"""

import importlib.machinery
import importlib.util
import os
import sys
import types

from mgdm_mmaction.errors import MGDMError

__all__ = ['apply']

_PACKAGE = 'mmaction.models.localizers.drn'


class DRN:
    """Stand-in for the localizer that the installed mmaction2 does not hold."""

    def __init__(self, *args, **kwargs) -> None:
        raise MGDMError(
            'DRN is not part of the installed mmaction2: its wheel lacks '
            'mmaction/models/localizers/drn (open-mmlab/mmaction2#2714); '
            'install mmaction2 from source to use it'
        )


def apply() -> None:
    """Put a stand-in where ``mmaction.models.localizers.drn`` is missing."""
    if _PACKAGE in sys.modules or not _is_missing():
        return
    package = _module(_PACKAGE, is_package=True)
    module = _module(f'{_PACKAGE}.drn', is_package=False)
    module.DRN = DRN
    package.drn = module
    sys.modules[package.__name__] = package
    sys.modules[module.__name__] = module


def _is_missing() -> bool:
    # find_spec of a top-level package only locates it; of a submodule it would import the parents,
    # and importing mmaction.models is what fails.
    spec = importlib.util.find_spec('mmaction')
    if spec is None:
        return False
    return not any(
        os.path.exists(os.path.join(root, 'models', 'localizers', 'drn', 'drn.py'))
        for root in spec.submodule_search_locations or ()
    )


def _module(name: str, is_package: bool) -> types.ModuleType:
    module = types.ModuleType(name, 'Stand-in for a module that the mmaction2 wheel lacks.')
    module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=is_package)
    if is_package:
        module.__path__ = []
    return module
