"""Frames by decord, the decoder of the training pipelines."""

import re
from collections.abc import Iterator, Sequence

import decord
import numpy as np

from ..datasets.transforms.skip_unreadable import describe_error
from .unreadable import UnreadableVideoError

__all__ = ['DecordFrames']

# Decoded frames that may lie in memory at a time: 2 of 3840 x 2160 pixels, 291 of 320 x 240.
_CHUNK_BYTES = 2**26

# Where in its source an error came from, and when.
_SOURCE = re.compile(r'\[\d\d:\d\d:\d\d\] \S+:\d+: ')


class DecordFrames:
    """Frames of a file, decoded a few at a time by decord, which also turns rotated clips upright.

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
        # What FFmpeg says of a broken file goes to standard error, pages of it; we give the reason.
        decord.logging.set_level(decord.logging.QUIET)
        try:
            self._reader = decord.VideoReader(path, num_threads=1)
            count = len(self._reader)
            stamps = self._reader.get_frame_timestamp(range(count)) if count else None
            fps = self._reader.get_avg_fps()
        except Exception as error:
            raise UnreadableVideoError(_reason(error)) from None
        if stamps is None:
            raise UnreadableVideoError('there is no frame in it')
        self._chunk = 1  # until the size of a frame is known
        self.times, self.duration = _clock(np.asarray(stamps, dtype=np.float64), fps)

    def read(self, index: int) -> np.ndarray:
        """Return one frame, uint8 RGB [H, W, 3].

        Raises:
            UnreadableVideoError: If it cannot be decoded.
        """
        return next(self.read_each([index]))

    def read_each(self, indices: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield several frames one after the other, uint8 RGB [H, W, 3].

        Args:
            indices (Sequence[int]): Which ones, rising.

        Raises:
            UnreadableVideoError: If one cannot be decoded.
        """
        done = 0
        while done < len(indices):
            # One batch passes once over the frames in between; one by one, each starts anew.
            chunk = [int(i) for i in indices[done : done + self._chunk]]
            try:
                images = self._reader.get_batch(chunk).asnumpy()
                # decord hands packets to its decoding thread without waiting for it, and that
                # goes on decoding them and keeps the frames: only seeking drops them.
                self._reader.seek(0)
            except Exception as error:
                raise UnreadableVideoError(f'frame {chunk[0]}: {_reason(error)}') from None
            self._chunk = max(_CHUNK_BYTES // images[0].nbytes, 1)
            done += len(chunk)
            yield from images


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
