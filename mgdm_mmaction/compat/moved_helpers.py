"""mmaction2 1.2.0 imports helpers that newer releases of ``transformers`` keep elsewhere.

Where ``transformers`` is installed, ``import mmaction.models`` also imports VindLU, which takes
``apply_chunking_to_forward`` and two more from ``transformers.modeling_utils``. They were moved
away between 4.55 and 4.57 (the same failure: xinyu1205/recognize-anything#219), and then nothing
of mmaction2 imports. Its multimodal models, and those of mmpretrain 1.2.0, which fail alike, are
then switched off, as if ``transformers`` were not there. Recognition uses none of them.
"""

import importlib.util
import os
from types import ModuleType

__all__ = ['apply']

_NAMES = (
    'apply_chunking_to_forward',
    'find_pruneable_heads_and_indices',
    'prune_linear_layer',
)


def apply(module: ModuleType) -> None:
    """Switch the multimodal models off if the installed ``transformers`` is too new for them."""
    if _have_moved():
        module.WITH_MULTIMODAL = False


def _have_moved() -> bool:
    # Importing transformers takes seconds, and whoever recognises actions has no use for it.
    spec = importlib.util.find_spec('transformers')
    for root in (spec and spec.submodule_search_locations) or ():
        path = os.path.join(root, 'modeling_utils.py')
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                text = file.read()
            return not all(name in text for name in _NAMES)
    return False
