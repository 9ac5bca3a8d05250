"""Pipeline transforms, registered in MMAction2's ``TRANSFORMS``."""

from .attach_hard_negatives import AttachHardNegatives
from .attach_triplets import AttachTriplets
from .skip_unreadable import SkipUnreadable
from .video_decode import VideoDecode, VideoInit

__all__ = ['AttachHardNegatives', 'AttachTriplets', 'SkipUnreadable', 'VideoDecode', 'VideoInit']
