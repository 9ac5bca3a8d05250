"""A clip as the page shows it: its length, and the frames that the model saw."""

import base64
import io
import os
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..apis.inputs import list_sources
from ..errors import MGDMError
from ..video.frames import Frames, open_frames
from ..video.unreadable import UnreadableVideoError

__all__ = ['frame_images', 'open_clip', 'to_uri']

# Width and height that a frame must fit in, and its JPEG quality: about 4 kB of a real clip.
SIZE = (160, 120)
QUALITY = 70


def open_clip(path: str | os.PathLike) -> Frames:
    """Open a clip as the inferencer does, without decoding more of it than its index.

    Args:
        path (str | PathLike): The file.

    Returns:
        Frames: Its times and frames.

    Raises:
        MGDMError: If it cannot be read as a video.
    """
    try:
        # A file has no other rate than its own.
        return open_frames(list_sources(str(path))[0], fps=1.0)
    except UnreadableVideoError as error:
        raise MGDMError(_not_readable(path, error)) from None


def frame_images(path: str | os.PathLike, times: Sequence[float]) -> list[str]:
    """Decode the frames at some times.

    Args:
        path (str | PathLike): The clip.
        times (Sequence[float]): Seconds, T of them.

    Returns:
        list[str]: T data URIs.

    Raises:
        MGDMError: If it cannot be read.
    """
    frames = open_clip(path)
    nearest = [int(np.abs(frames.times - time).argmin()) for time in times]
    try:
        # One by one, and each once: only one frame of full size is in memory.
        uris = {index: to_uri(frames.read(index)) for index in sorted(set(nearest))}
    except UnreadableVideoError as error:
        raise MGDMError(_not_readable(path, error)) from None
    return [uris[index] for index in nearest]


def to_uri(frame: np.ndarray) -> str:
    """Return a frame [H, W, 3], RGB, uint8, as the data URI of a small JPEG."""
    image = Image.fromarray(frame)
    image.thumbnail(SIZE)
    file = io.BytesIO()
    image.save(file, 'JPEG', quality=QUALITY, optimize=True)
    return 'data:image/jpeg;base64,' + base64.b64encode(file.getvalue()).decode()


def _not_readable(path: str | os.PathLike, error: Exception) -> str:
    return f'{os.path.basename(path)} cannot be read as a video: {error}. Try another file.'
