"""Reading and writing video files."""

from .reader import FileVideo, Source, UnreadableVideoError, Video, open_video
from .writer import VideoWriter

__all__ = ['FileVideo', 'Source', 'UnreadableVideoError', 'Video', 'VideoWriter', 'open_video']
