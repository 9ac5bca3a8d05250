"""Reading and writing video files outside the training pipeline."""

from .reader import Source, UnreadableVideoError, Video, open_video
from .writer import VideoWriter

__all__ = ['Source', 'UnreadableVideoError', 'Video', 'VideoWriter', 'open_video']
