"""Pipeline transforms, registered in MMAction2's ``TRANSFORMS``."""

from .attach_hard_negatives import AttachHardNegatives
from .skip_unreadable import SkipUnreadable

__all__ = ['AttachHardNegatives', 'SkipUnreadable']
