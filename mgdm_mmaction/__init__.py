"""MGDM for MMAction2: CLIP recognisers trained against mined hard-negative label texts.

Importing the package registers its parts in MMAction2's registries; a config does it with
``custom_imports = dict(imports=['mgdm_mmaction'])``. The import itself is cheap: the packages below
are patched, and our classes registered, when MMEngine and MMAction2 are imported.
"""

from . import compat, registration
from .errors import MGDMError
from .version import __version__

compat.apply()
registration.register()

__all__ = ['MGDMError', '__version__']
