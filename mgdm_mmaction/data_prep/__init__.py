"""From what people have on disk to annotation lists, and checks of every clip."""

from .check_clips import CheckedList, check_clips
from .clip_list import ClipList, Missing, format_list
from .media import FrameNames, Media, MediaTree
from .published import PUBLISHED, compare
from .writing import write_lists, write_texts

__all__ = [
    'PUBLISHED',
    'CheckedList',
    'ClipList',
    'FrameNames',
    'Media',
    'MediaTree',
    'Missing',
    'check_clips',
    'compare',
    'format_list',
    'write_lists',
    'write_texts',
]
