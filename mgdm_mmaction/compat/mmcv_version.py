"""mmaction2 1.2.0 works with mmcv from 2.0.0rc4 up to, but not including, 2.2.0.

It says so by an ``assert`` in ``mmaction/__init__.py`` (as its sibling does, see
open-mmlab/mmdetection#12312), and fails with a bare ``ModuleNotFoundError`` where mmcv is missing.
mmcv comes as two distributions of the same module, ``mmcv`` with compiled operators and
``mmcv-lite`` without; MGDM needs none of the operators. Neither can be a plain dependency of ours,
because installing one over the other leaves a mixture of both.
"""

import importlib.util
import warnings
from types import ModuleType

from mgdm_mmaction.errors import MGDMError

__all__ = ['apply', 'check_version']

_ADVICE = (
    'install the light one with: pip install "mgdm-mmaction[lite]" (this is mmcv-lite 2.1.0), '
    'or the full one with: pip install "mmcv>=2.0.0rc4,<2.2"; never both'
)


def apply() -> None:
    """Check that mmcv is there, and quiet what mmcv-lite and mmengine warn about.

    Raises:
        MGDMError: If mmcv is missing.
    """
    if importlib.util.find_spec('mmcv') is None:
        raise MGDMError(f'mmcv is not installed, and mmaction2 needs it: {_ADVICE}')
    # mmcv-lite warns at import that an operator is missing which no recogniser here uses.
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
    # mmengine imports it for every `_base_ = 'mmaction::...'`.
    warnings.filterwarnings('ignore', message='pkg_resources is deprecated as an API')


def check_version(mmcv: ModuleType) -> None:
    """Check the version of mmcv once it is imported, which is before mmaction2 asserts its own.

    Raises:
        MGDMError: If mmaction2 refuses the version.
    """
    from mmengine.utils import digit_version

    found = getattr(mmcv, '__version__', None)
    if found is None:  # a folder left behind by an uninstall imports as an empty namespace package
        raise MGDMError(f'mmcv is installed but broken, it has no version: {_ADVICE}')
    if not digit_version('2.0.0rc4') <= digit_version(found) < digit_version('2.2.0'):
        raise MGDMError(
            f'mmcv {found} is installed, but mmaction2 works with 2.0.0rc4 <= mmcv < 2.2.0: '
            f'uninstall it, then {_ADVICE}'
        )
