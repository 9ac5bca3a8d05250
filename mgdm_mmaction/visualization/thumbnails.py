"""Small images of the frames that the model saw, read ahead of the video."""

from collections.abc import Sequence

import numpy as np

from ..apis.predictions import WindowPrediction
from ..video.reader import VideoReader

__all__ = ['ThumbnailReader']


class ThumbnailReader:
    """A second pass over the video, always as far as the end of the window that is asked for.

    The strip of a window is shown from its start, when most of its frames are still to come. Only
    the thumbnails of windows that overlap are held, however long the video is.

    Args:
        path (str): The video.
        windows (Sequence[WindowPrediction]): Its windows, by their start.
        width (int): Width of a thumbnail.
        height (int): Height of a thumbnail.

    Raises:
        MGDMError: If the video cannot be opened.
    """

    def __init__(
        self, path: str, windows: Sequence[WindowPrediction], width: int, height: int
    ) -> None:
        self._reader = VideoReader(path)
        self._frames = self._reader.decode()
        self._size = (width, height)
        self._wanted = sorted(
            (
                (time, index, slot)
                for index, window in enumerate(windows)
                for slot, time in enumerate(window.frame_times)
            ),
            reverse=True,
        )
        self._lengths = [len(window.frame_times) for window in windows]
        self._found: dict[int, dict[int, np.ndarray]] = {}
        # The frame before the current one, which may be the nearer one.
        self._before: tuple | None = None

    def read(self, index: int) -> list[np.ndarray]:
        """Return the thumbnails of a window; those of windows before it are let go.

        Args:
            index (int): Number of the window, not below that of the call before.

        Returns:
            list[np.ndarray]: RGB, uint8 [height, width, 3], as many as the window has frames.
        """
        for old in [key for key in self._found if key < index]:
            del self._found[old]
        while len(self._found.get(index, ())) < self._lengths[index]:
            self._advance(index)
        found = self._found[index]
        return [found[slot] for slot in range(self._lengths[index])]

    def _advance(self, index: int) -> None:
        """Read one frame and keep it for whom the one before it or itself is the nearest."""
        current = next(self._frames, None)
        at = float('inf') if current is None else current[0]
        while self._wanted and (current is None or self._wanted[-1][0] <= at):
            time, owner, slot = self._wanted.pop()
            nearest = current
            if self._before is not None and (current is None or time - self._before[0] < at - time):
                nearest = self._before
            if owner >= index:
                image = self._reader.convert(nearest[1], *self._size)
                self._found.setdefault(owner, {})[slot] = image
        self._before = current or self._before

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def __enter__(self) -> 'ThumbnailReader':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
