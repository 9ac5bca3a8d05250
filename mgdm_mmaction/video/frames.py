"""Where frames come from: an array, or a file that decord or else OpenCV decodes."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from ..apis.inputs import Source
from ..compat.cut_off_avi import lacking_bytes
from ..datasets.streams import is_stream
from .decord_frames import DecordFrames
from .opencv_frames import OpenCVFrames
from .unreadable import UnreadableVideoError

__all__ = ['ArrayFrames', 'FileFrames', 'Frames', 'open_frames']


class Frames(Protocol):
    """Frames of a video with their times; few of them are ever in memory.

    Attributes:
        times (np.ndarray): When each frame appears, in seconds from the first, float64 [frames].
        duration (float): When the last frame disappears, in seconds.
    """

    times: np.ndarray
    duration: float

    def read(self, index: int) -> np.ndarray:
        """Return one frame, upright, uint8 RGB [H, W, 3].

        Raises:
            UnreadableVideoError: If it cannot be decoded.
        """

    def read_each(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield several frames one after the other, given in rising order.

        Raises:
            UnreadableVideoError: If one cannot be decoded.
        """


class ArrayFrames:
    """Frames that were handed in.

    Args:
        array (np.ndarray): uint8 RGB [frames, H, W, 3].
        fps (float): Frames per second.
    """

    def __init__(self, array: np.ndarray, fps: float) -> None:
        self._array = array
        self.times = np.arange(len(array)) / fps
        self.duration = len(array) / fps

    def read(self, index: int) -> np.ndarray:
        """Return one frame."""
        return self._array[index]

    def read_each(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield several frames."""
        yield from map(self.read, indices)


class FileFrames:
    """Frames of a file: decord's, as in training, or OpenCV's where decord fails.

    decord 0.6.0 reads no gif, and of MPEG streams and flv files, which have no index, it gives
    other frames than it was asked for; OpenCV reads them all. After a failure in the middle OpenCV
    only takes over if it finds all frames that decord promised: a file of which the end is missing
    must not pass for a short one.

    Args:
        path (str): The file.

    Raises:
        UnreadableVideoError: If neither can read it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._frames: DecordFrames | OpenCVFrames
        lacking = lacking_bytes(path)
        if lacking:
            raise UnreadableVideoError(f'cut off: its header promises {lacking} more bytes')
        if is_stream(path):
            self._frames = OpenCVFrames(path)
            return
        try:
            self._frames = DecordFrames(path)
        except UnreadableVideoError as error:
            self._frames = _open_with_opencv(path, str(error))

    @property
    def times(self) -> np.ndarray:
        """When each frame appears, in seconds from the first, float64 [frames]."""
        return self._frames.times

    @property
    def duration(self) -> float:
        """When the last frame disappears, in seconds."""
        return self._frames.duration

    def read(self, index: int) -> np.ndarray:
        """Return one frame; see :class:`Frames`."""
        return next(self.read_each([index]))

    def read_each(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield several frames; see :class:`Frames`."""
        done = 0
        try:
            for image in self._frames.read_each(indices):
                done += 1
                yield image
        except UnreadableVideoError as error:
            if isinstance(self._frames, OpenCVFrames):
                raise
            promised = len(self.times)
            self._frames = _open_with_opencv(self._path, str(error))
            found = len(self.times)
            if found < promised:
                raise UnreadableVideoError(
                    f'cut off or damaged: {found} of its {promised} frames can be decoded'
                ) from None
            yield from self._frames.read_each(indices[done:])


def _open_with_opencv(path: str, reason: str) -> OpenCVFrames:
    """Open with OpenCV, or tell the better reason of the two."""
    try:
        return OpenCVFrames(path)
    except UnreadableVideoError as error:
        says_more = str(error).startswith(('cut off', 'its video'))
        raise UnreadableVideoError(str(error) if says_more else reason) from None


def open_frames(source: Source, fps: float) -> Frames:
    """Open a video.

    Args:
        source (Source): What to open.
        fps (float): Frames per second of arrays.

    Returns:
        Frames: Its frames.

    Raises:
        UnreadableVideoError: If it cannot be read; the message is the reason in one line.
    """
    if source.fault:
        raise UnreadableVideoError(source.fault)
    if source.array is not None:
        return ArrayFrames(source.array, fps)
    return FileFrames(source.path)
