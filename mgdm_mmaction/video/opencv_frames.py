"""Frames by OpenCV, for files that decord cannot read, such as gif."""

import os
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from .unreadable import UnreadableVideoError

__all__ = ['OpenCVFrames']

# Part of the length that a header promises, and seconds of it, that may be missing: sound may last
# longer, and the time before the first frame counts in some formats.
_MISSING, _SECONDS = 0.1, 0.5


class OpenCVFrames:
    """Frames of a file, decoded one after the other by OpenCV, rotated clips upright.

    Opening it decodes the file once to learn the times; one frame is in memory at a time. Reading
    goes forward, and starts again from the first frame to go back: right for any codec.

    Args:
        path (str): The file.

    Attributes:
        times (np.ndarray): When each frame appears, in seconds from the first, float64 [frames].
        duration (float): When the last frame disappears, in seconds.

    Raises:
        UnreadableVideoError: If OpenCV finds no frame in it.
    """

    def __init__(self, path: str) -> None:
        # FFmpeg's own messages, as with decord; it asks when it opens its first file.
        os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
        self._path = path
        self._capture = self._open()
        times = []
        while self._capture.grab():
            times.append(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        if not times and self._capture.isOpened():
            code = int(self._capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, 'little')
            codec = ''.join(chr(byte) for byte in code if 32 < byte < 127) or 'unknown'
            raise UnreadableVideoError(
                f'its video (codec {codec}) cannot be decoded: it is damaged, or the codec is not '
                'known here; if it plays elsewhere, convert it: ffmpeg -i INPUT -c:v libx264 '
                'OUTPUT.mp4'
            )
        if not times:
            raise UnreadableVideoError(
                'not a video, or cut off: there is no header that can be read'
            )
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        fps = fps if np.isfinite(fps) and fps > 0 else 30.0
        promised = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) / fps
        starts = np.asarray(times) - times[0]
        if not (np.isfinite(starts).all() and (np.diff(starts) >= 0).all()):
            starts = np.arange(len(times)) / fps
        self.times = starts
        # How long the last frame stays, no file says: as long as the others do.
        last = starts[-1] / (len(times) - 1) if starts[-1] > 0 else 1 / fps
        self.duration = float(starts[-1] + last)
        if promised - self.duration > max(_MISSING * promised, _SECONDS):
            raise UnreadableVideoError(
                f'cut off or damaged: it should last {promised:.1f} s, but only '
                f'{self.duration:.1f} s can be decoded'
            )
        self._capture = None

    def _open(self) -> cv2.VideoCapture:
        self._next = 0
        # Only FFmpeg: another backend would take 'frame_%d.png' for a pattern of images.
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            return cv2.VideoCapture(self._path, cv2.CAP_FFMPEG)
        except (cv2.error, UnicodeError, TypeError) as error:
            raise UnreadableVideoError(f'OpenCV: {type(error).__name__}') from None
        finally:
            cv2.utils.logging.setLogLevel(level)

    def read(self, index: int) -> np.ndarray:
        """Return one frame, uint8 RGB [H, W, 3].

        Raises:
            UnreadableVideoError: If it cannot be decoded.
        """
        if self._capture is None or index < self._next:
            self._capture = self._open()
        ok = True
        while ok and self._next <= index:
            ok = self._capture.grab()
            self._next += 1
        image = self._capture.retrieve()[1] if ok else None
        if image is None:
            raise UnreadableVideoError(f'frame {index} cannot be decoded')
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    def read_each(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield several frames one after the other; see :meth:`read`."""
        yield from map(self.read, indices)
