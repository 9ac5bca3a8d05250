"""A video with its scores and the frames that they came from, as a video or as a picture."""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from PIL import Image

from ..apis.predictions import VideoPrediction, WindowPrediction
from ..errors import MGDMError
from ..video import UnreadableVideoError, Video, VideoWriter, open_video
from ..video.clock import draw_clock
from .attention_strip import AttentionStrip
from .colours import BACKGROUND, LABELS
from .fonts import FontStack
from .layout import Layout, plan_layout
from .overlay import ScoreOverlay

__all__ = ['annotate_picture', 'annotate_video', 'window_at']


def window_at(windows: Sequence[WindowPrediction], time: float) -> int | None:
    """Return the window that speaks for a moment: of those around it, the most central.

    Args:
        windows (Sequence[WindowPrediction]): Windows by their start.
        time (float): The moment, in seconds.

    Returns:
        int | None: Its number, or None between windows that do not touch.
    """
    # The last frame is shown beyond the end that follows from the frame count.
    last = max((window.end for window in windows), default=0.0)
    around = [
        (abs(time - (window.start + window.end) / 2), index)
        for index, window in enumerate(windows)
        if window.start <= time <= window.end or (time > last and window.end == last)
    ]
    return min(around)[1] if around else None


def annotate_video(
    prediction: VideoPrediction,
    out: str | os.PathLike,
    fonts: FontStack | None = None,
    on_frame: Callable[[float], None] | None = None,
) -> int:
    """Write a video with the three best labels over it, and below it the frames they looked at.

    Frame by frame: memory does not grow with the length of the video.

    Args:
        prediction (VideoPrediction): Scores of a video file, with attention.
        out (str | os.PathLike): File to write; ends with .mp4.
        fonts (FontStack, optional): Fonts. Defaults to None: whatever can draw the labels.
        on_frame (Callable, optional): Called with the time of every frame that was written, in
            seconds. Defaults to None.

    Returns:
        int: Frames written.

    Raises:
        MGDMError: If the video cannot be read, or the file cannot be written or is the video.
    """
    with ExitStack() as stack:
        painter = _Painter(prediction, out, fonts, stack)
        layout = painter.layout
        writer = stack.enter_context(VideoWriter(out, layout.width, layout.height))
        times = painter.video.times
        images = painter.video.read_each(range(len(times)), layout.video[2:])
        for time, image in zip(times, images, strict=True):
            writer.write(painter.paint(time, image), time)
            if on_frame is not None:
                on_frame(time)
    return len(times)


def annotate_picture(
    prediction: VideoPrediction, out: str | os.PathLike, fonts: FontStack | None = None
) -> float:
    """Write one annotated frame: that which the best label looked at most, of its best window.

    Args:
        prediction (VideoPrediction): Scores of a video file, with attention.
        out (str | os.PathLike): File to write; its ending says of what kind.
        fonts (FontStack, optional): Fonts. Defaults to None: whatever can draw the labels.

    Returns:
        float: Time of the frame, in seconds.

    Raises:
        MGDMError: If the video cannot be read, or the file is the video or cannot be written.
    """
    with ExitStack() as stack:
        painter = _Painter(prediction, out, fonts, stack)
        best = max(prediction.windows, key=lambda window: window.scores[0])
        moment = best.frame_times[0]
        if best.attention is not None:
            moment = best.frame_times[int(np.argmax(best.attention[0]))]
        times = painter.video.times
        index = int(np.abs(times - moment).argmin())
        time = float(times[index])
        (image,) = painter.video.read_each([index], painter.layout.video[2:])
        number = next(i for i, window in enumerate(prediction.windows) if window is best)
        picture = Image.fromarray(painter.paint(time, image, number))
        try:
            picture.save(out, optimize=True)
        except OSError as error:
            raise MGDMError(f'{out}: cannot be written: {error.strerror or error}.') from None
    return time


class _Painter:
    """Draws the pictures of one video, keeping what stays the same between two windows."""

    def __init__(
        self,
        prediction: VideoPrediction,
        out: str | os.PathLike,
        fonts: FontStack | None,
        stack: ExitStack,
    ) -> None:
        if not prediction.ok or not prediction.windows:
            raise MGDMError(f'{prediction.source}: {prediction.error or "has no scores"}')
        source = Path(prediction.source)
        if Path(out).exists() and source.exists() and os.path.samefile(out, source):
            raise MGDMError(f'{out}: is the video itself; name another file to write.')
        self.windows = prediction.windows
        names = sorted({name for w in self.windows for name in w.labels[: len(LABELS)]})
        self.fonts = fonts or FontStack(names)
        self.video = _open(source, stack)
        has_strip = all(window.attention is not None for window in self.windows)
        frames = max(len(window.frame_times) for window in self.windows)
        rows = max(min(len(w.labels), len(LABELS)) for w in self.windows) if has_strip else 0
        self.layout: Layout = plan_layout(self.video.size, frames, rows)
        self._thumbnails = None
        if has_strip:
            # Read ahead of the video: a strip is shown from the start of its window.
            self._thumbnails = _open(source, stack)
            self._thumbnail_size = AttentionStrip.thumbnail_size(self.layout, frames)
        self._shown: int | None = None
        self._overlay = self._strip = None
        shape = (self.layout.height, self.layout.width, 3)
        self._canvas = np.empty(shape, np.uint8)

    def paint(self, time: float, image: np.ndarray, number: int | None = None) -> np.ndarray:
        """Return the picture of a moment; it is changed by the next call."""
        number = window_at(self.windows, time) if number is None else number
        if number != self._shown:
            self._change_to(number)
        layout, canvas = self.layout, self._canvas
        left, top, width, height = layout.video
        canvas[:] = BACKGROUND
        canvas[top : top + height, left : left + width] = image
        if self._overlay is not None:
            self._overlay.draw(canvas)
        if self._strip is not None:
            self._strip.draw(canvas, time)
        draw_clock(canvas, time, self.windows, number, layout, self.fonts)
        return canvas

    def _change_to(self, number: int | None) -> None:
        self._shown = number
        self._overlay = self._strip = None
        if number is None:
            return
        window = self.windows[number]
        self._overlay = ScoreOverlay(window.labels, window.scores, self.layout, self.fonts)
        if self._thumbnails is not None:
            times = np.asarray(window.frame_times)
            nearest = np.abs(self.video.times[:, None] - times).argmin(0)
            images = list(self._thumbnails.read_each(nearest, self._thumbnail_size))
            self._strip = AttentionStrip(window, images, self.layout, self.fonts)


def _open(path: Path, stack: ExitStack) -> Video:
    try:
        return stack.enter_context(open_video(path))
    except UnreadableVideoError as error:
        raise MGDMError(f'{path}: cannot be opened as a video: {error}.') from None
