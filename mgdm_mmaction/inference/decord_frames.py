"""Frames by decord, the decoder of the training pipelines."""

import re

import decord
import numpy as np

from ..datasets.transforms.skip_unreadable import describe_error
from .unreadable import UnreadableVideoError

__all__ = ['DecordFrames']

# Where in its source an error came from, and when.
_SOURCE = re.compile(r'\[\d\d:\d\d:\d\d\] \S+:\d+: ')


class DecordFrames:
    """Frames of a file, decoded one at a time by decord, which also turns rotated clips upright.

    The file is opened by its name and never read whole.

    Args:
        path (str): The file.

    Attributes:
        times (np.ndarray): When each frame appears, in seconds from the first, float64 [frames].
        duration (float): When the last frame disappears, in seconds.

    Raises:
        UnreadableVideoError: If decord cannot open it or finds no frame in it.
    """

    def __init__(self, path: str) -> None:
        try:
            self._reader = decord.VideoReader(path, num_threads=1)
            count = len(self._reader)
            stamps = self._reader.get_frame_timestamp(range(count)) if count else None
            fps = self._reader.get_avg_fps()
        except Exception as error:
            raise UnreadableVideoError(_reason(error)) from None
        if stamps is None:
            raise UnreadableVideoError('there is no frame in it')
        self.times, self.duration = _clock(np.asarray(stamps, dtype=np.float64), fps)

    def read(self, index: int) -> np.ndarray:
        """Return one frame, uint8 RGB [H, W, 3].

        Raises:
            UnreadableVideoError: If it cannot be decoded.
        """
        try:
            return self._reader.get_batch([index]).asnumpy()[0]
        except Exception as error:
            raise UnreadableVideoError(f'frame {index}: {_reason(error)}') from None


def _clock(stamps: np.ndarray, fps: float) -> tuple[np.ndarray, float]:
    """Return times and duration from starts and ends [frames, 2]; by the rate if they are odd."""
    # They are rounded to float32: say 0.8 and not 0.800000011920929.
    starts = (stamps[:, 0] - stamps[0, 0]).round(6)
    end = (stamps[-1, 1] - stamps[0, 0]).round(6)
    if np.isfinite(stamps).all() and (np.diff(starts) >= 0).all() and end > starts[-1]:
        return starts, float(end)
    fps = fps if np.isfinite(fps) and fps > 0 else 30.0
    return np.arange(len(stamps)) / fps, len(stamps) / fps


def _reason(error: Exception) -> str:
    text = str(error)
    if 'cannot find video stream' in text:
        return 'no video stream in it, as in a file of sound alone'
    if text.startswith('Error reading'):
        return 'not a video, or cut off: there is no header that can be read'
    return _SOURCE.sub('', describe_error(error))
