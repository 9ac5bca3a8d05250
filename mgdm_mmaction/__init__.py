"""MGDM for MMAction2: CLIP recognisers trained against mined hard-negative label texts.

Importing the package registers its parts in MMAction2's registries; a config does it with
``custom_imports = dict(imports=['mgdm_mmaction'])``.
"""

# Before anything that imports the packages with faults.
from .compat import apply as _mend_other_packages
from .errors import MGDMError
from .version import __version__

_mend_other_packages()

from . import datasets, engine, evaluation, models  # noqa: E402

__all__ = ['MGDMError', '__version__', 'datasets', 'engine', 'evaluation', 'models']
