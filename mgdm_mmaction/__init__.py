"""MGDM for MMAction2: CLIP recognisers trained against mined hard-negative label texts."""

from .errors import MGDMError
from .version import __version__

__all__ = ['MGDMError', '__version__']
