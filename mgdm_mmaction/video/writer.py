"""Writing a video that browsers play, frame by frame."""

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ..errors import MGDMError

__all__ = ['VideoWriter']

# Ticks a second: whole numbers for 24, 25, 30, 50 and 60 frames a second, and for milliseconds'
# nearest neighbours; what MPEG has always used.
_TICKS = 90_000


class VideoWriter:
    """Write frames with times of their own as H.264 in an mp4 file.

    4:2:0 and with the index in front, which is what browsers play, and play before all has arrived.
    The file appears under its name only when it is complete; until then it is ``NAME.part.mp4``
    beside it, which goes away if anything fails.

    Args:
        path (str | os.PathLike): File to write; ends with .mp4.
        width (int): Even width of the frames.
        height (int): Even height of the frames.
        quality (int, optional): x264's constant rate factor; 18 looks like the original, 28 is
            small. Defaults to 22.

    Raises:
        MGDMError: If the folder is not there or cannot be written to, or PyAV has no H.264 encoder.
        ValueError: If a side is odd.

    Example:
        >>> with VideoWriter('out.mp4', 320, 240) as writer:  # doctest: +SKIP
        ...     for i in range(50):
        ...         writer.write(np.zeros((240, 320, 3), np.uint8), i / 25)
    """

    def __init__(self, path: str | os.PathLike, width: int, height: int, quality: int = 22) -> None:
        if width % 2 or height % 2:
            raise ValueError(f'the sides should be even, but got {width} x {height}')
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise MGDMError(
                f'{self.path}: there is no folder {str(self.path.parent)!r}; make it first.'
            )
        self._part = self.path.with_name(f'{self.path.stem}.part.mp4')
        self._size = (height, width, 3)
        self._ticks = -1
        self._held = None
        # How long the last frame is shown: as long as the one before.
        self._shown = _TICKS // 25
        try:
            self._container = av.open(
                os.fspath(self._part), 'w', format='mp4', options={'movflags': 'faststart'}
            )
        except (av.error.FFmpegError, OSError) as error:
            raise MGDMError(f'{self.path}: cannot be written: {error.strerror}.') from None
        try:
            # Without B-frames, packets come in the order of their times, on which players and
            # the length in the header agree, also for a variable frame rate.
            options = {'crf': str(quality), 'preset': 'veryfast', 'bf': '0'}
            self._stream = self._container.add_stream('libx264', rate=30, options=options)
            self._stream.width, self._stream.height = width, height
            self._stream.pix_fmt = 'yuv420p'
            self._stream.time_base = Fraction(1, _TICKS)
            self._stream.codec_context.time_base = Fraction(1, _TICKS)
        except (av.error.FFmpegError, ValueError):
            self._discard()
            raise MGDMError(
                'this PyAV was built without the H.264 encoder x264; the wheels of the package '
                'index have it: pip install --force-reinstall --only-binary av av'
            ) from None

    def write(self, image: np.ndarray, time: float) -> None:
        """Append a frame.

        Args:
            image (np.ndarray): RGB, uint8 [height, width, 3].
            time (float): When it is shown, in seconds; later than the frame before.

        Raises:
            ValueError: If it has another shape.
        """
        if image.shape != self._size:
            raise ValueError(f'expected a frame of shape {self._size}, but got {image.shape}')
        self._ticks = max(round(time * _TICKS), self._ticks + 1)
        frame = av.VideoFrame.from_ndarray(image, format='rgb24')
        frame.pts, frame.time_base = self._ticks, Fraction(1, _TICKS)
        self._encode(frame)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            MGDMError: If no frame was written.
        """
        if self._ticks < 0:
            raise MGDMError(f'{self.path}: not written, because there is no frame to write.')
        self._encode(None)
        self._held.duration = self._shown
        self._mux(self._held)
        self._container.close()
        os.replace(self._part, self.path)

    def _encode(self, frame) -> None:
        # x264 says when a packet is shown, not for how long, and the file would end with its last
        # picture's first moment: each packet waits for its successor.
        for packet in self._stream.encode(frame):
            if self._held is not None:
                self._shown = self._held.duration = packet.pts - self._held.pts
                self._mux(self._held)
            self._held = packet

    def _mux(self, packet) -> None:
        try:
            self._container.mux(packet)
        except (av.error.FFmpegError, OSError) as error:
            raise MGDMError(f'{self.path}: cannot be written: {error.strerror}.') from None

    def _discard(self) -> None:
        with contextlib.suppress(av.error.FFmpegError, OSError):
            self._container.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> 'VideoWriter':
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is not None:
            self._discard()
            return
        try:
            self.close()
        except BaseException:
            self._discard()
            raise
