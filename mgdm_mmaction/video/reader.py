"""Reading a video frame by frame, as it is meant to be seen and with the times it is shown at."""

import os
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

import numpy as np

from ..errors import MGDMError

__all__ = ['TimedFrame', 'VideoReader', 'import_av']

_TURNS = {0: 0, 90: 1, 180: 2, 270: 3}


class TimedFrame(NamedTuple):
    """A decoded frame.

    Args:
        time (float): When it is shown, in seconds after the first one.
        image (np.ndarray): RGB, uint8 [H, W, 3], upright.
    """

    time: float
    image: np.ndarray


def import_av() -> ModuleType:
    """Return PyAV, which reads and writes videos.

    Raises:
        MGDMError: If it is not installed, or too old.
    """
    try:
        import av

        found = f'found {av.__version__}, without the rotation of frames'
    except ImportError:
        av, found = None, 'it is not installed'
    if av is None or not hasattr(av.VideoFrame, 'rotation'):
        raise MGDMError(
            f'drawing over videos needs PyAV 14.2 or newer ({found}): pip install "av>=14.2". Its '
            'wheels bring an H.264 encoder, whose videos browsers play; those of OpenCV bring '
            'none. Scores need neither: leave --out away, or name a .json or .csv file.'
        )
    return av


class VideoReader:
    """One pass over a video, one frame in memory at a time.

    Frames keep their own times, so a variable frame rate stays what it is. Rotation that a phone
    wrote beside the picture is applied, and so is the shape of its pixels.

    Args:
        path (str | os.PathLike): The video, or a GIF.

    Attributes:
        size (tuple[float, float]): Width and height at which the video is meant to be seen.

    Raises:
        MGDMError: If the file cannot be opened or has no picture.

    Example:
        >>> with VideoReader('clip.mp4') as reader:  # doctest: +SKIP
        ...     for time, image in reader.frames(320, 240):
        ...         print(time, image.shape)
    """

    def __init__(self, path: str | os.PathLike) -> None:
        av = import_av()
        self.path = os.fspath(path)
        self._errors = (av.error.FFmpegError, OSError, ValueError)
        try:
            # Nothing that the file names elsewhere, least of all on a network.
            options = {'protocol_whitelist': 'file'}
            self._container = av.open(self.path, options=options, **_lenient(av))
        except self._errors as error:
            raise MGDMError(f'{self.path}: cannot be opened as a video: {_reason(error)}') from None
        try:
            self._open()
        except BaseException:
            self._container.close()
            raise

    def _open(self) -> None:
        if not self._container.streams.video:
            raise MGDMError(f'{self.path}: has no picture, only sound or data.')
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = 'AUTO'
        self._decoded = self._decode()
        # How a frame is turned is known only once one is decoded.
        self._first = next(self._decoded, None)
        if self._first is None:
            raise MGDMError(f'{self.path}: no frame of it can be decoded.')
        # Counted against the clock, as numpy.rot90 does.
        self._turns = _TURNS.get(round(self._first.rotation) % 360, 0)
        shape = self._stream.sample_aspect_ratio
        width = self._first.width * (float(shape) if shape else 1.0)
        size = (width, float(self._first.height))
        self.size = size[::-1] if self._turns % 2 else size

    def frames(self, width: int, height: int) -> Iterator[TimedFrame]:
        """Yield all frames in order. To be called once.

        Args:
            width (int): Width that the upright frames are scaled to.
            height (int): Their height.
        """
        for time, frame in self.decode():
            yield TimedFrame(time, self.convert(frame, width, height))

    def decode(self) -> Iterator[tuple[float, object]]:
        """Yield all frames as PyAV's, with their times in seconds. To be called once."""
        frame, self._first = self._first, None
        rate = float(self._stream.average_rate or self._stream.guessed_rate or 25)
        start = last = None
        while frame is not None:
            time = 0.0 if last is None else last + 1 / rate
            base = frame.time_base or self._stream.time_base
            if frame.pts is not None and base:
                seconds = float(frame.pts * base)
                start = seconds - time if start is None else start
                # A clock that stands still or jumps back would put frames upon each other.
                if last is None or seconds - start > last:
                    time = seconds - start
            last = time
            yield time, frame
            frame = next(self._decoded, None)

    def convert(self, frame, width: int, height: int) -> np.ndarray:
        """Turn a frame of :meth:`decode` upright, and scale it.

        Args:
            frame (av.VideoFrame): The frame.
            width (int): Width of the result.
            height (int): Height of the result.

        Returns:
            np.ndarray: RGB, uint8 [height, width, 3].
        """
        if self._turns % 2:
            width, height = height, width
        way = 'AREA' if width < frame.width else 'BICUBIC'
        scaled = frame.reformat(width=width, height=height, format='rgb24', interpolation=way)
        return np.ascontiguousarray(np.rot90(scaled.to_ndarray(), self._turns))

    def _decode(self) -> Iterator:
        """Decode what can be decoded: a video that is cut off ends where it ends."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except self._errors:
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except self._errors:
                continue

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def __enter__(self) -> 'VideoReader':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _lenient(av: ModuleType) -> dict[str, str]:
    """Return what makes PyAV read a file whose title is not UTF-8: an option until 19."""
    return {} if int(av.__version__.split('.')[0]) >= 19 else {'metadata_errors': 'replace'}


def _reason(error: Exception) -> str:
    return (getattr(error, 'strerror', None) or str(error) or type(error).__name__).rstrip(
        '.'
    ) + '.'
