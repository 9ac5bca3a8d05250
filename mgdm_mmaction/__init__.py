"""MGDM for MMAction2: CLIP recognisers trained against mined hard-negative label texts."""

from .errors import MGDMError
from .version import __version__

# Before anything that imports the packages with faults.
from .compat import apply as _mend_other_packages  # isort: skip

_mend_other_packages()

__all__ = ['MGDMError', '__version__']
