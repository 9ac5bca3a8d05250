"""Pipeline transforms, and checks of annotation files."""

from .annotations import check_annotation, check_dataset
from .transforms import AttachHardNegatives, SkipUnreadable
from .wrappers import base_datasets

__all__ = [
    'AttachHardNegatives',
    'SkipUnreadable',
    'base_datasets',
    'check_annotation',
    'check_dataset',
]
