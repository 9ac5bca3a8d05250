"""Pipeline transforms, and checks of annotation files."""

from .annotations import check_annotation, check_dataset
from .transforms import AttachHardNegatives, SkipUnreadable

__all__ = ['AttachHardNegatives', 'SkipUnreadable', 'check_annotation', 'check_dataset']
