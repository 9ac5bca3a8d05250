"""A video with its scores and the frames that they came from, as a video or as a picture."""

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import numpy as np
from PIL import Image

from ..apis.predictions import VideoPrediction, WindowPrediction
from ..errors import MGDMError, explain_disk
from ..video import UnreadableVideoError, Video, VideoWriter, open_video
from .figures import figure_style
from .heat import tint
from .panel import BACKGROUND, COLOURS, Panel, plan_layout

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
    font: str | os.PathLike | None = None,
    on_frame: Callable[[float], None] | None = None,
) -> int:
    """Write a video, and below it the three best labels and the frames they looked at.

    Frame by frame: memory does not grow with the length of the video.

    Args:
        prediction (VideoPrediction): Scores of a video file, with attention.
        out (str | os.PathLike): File to write; ends with .mp4.
        font (str | os.PathLike, optional): Font file for the labels. Defaults to None: a font that
            has their letters; a warning names letters that none has.
        on_frame (Callable, optional): Called with the time of every frame that was written, in
            seconds. Defaults to None.

    Returns:
        int: Frames written.

    Raises:
        MGDMError: If the video cannot be read, or the file cannot be written or is the video.
    """
    with ExitStack() as stack:
        painter = _Painter(prediction, out, font, stack)
        layout, times = painter.layout, painter.video.times
        writer = stack.enter_context(VideoWriter(out, layout.width, layout.height))
        images = painter.video.read_each(range(len(times)), layout.video[2:])
        for time, image in zip(times.tolist(), images, strict=True):
            writer.write(painter.paint(time, image), time)
            if on_frame is not None:
                on_frame(time)
    return len(times)


def annotate_picture(
    prediction: VideoPrediction,
    out: str | os.PathLike,
    font: str | os.PathLike | None = None,
) -> float:
    """Write one annotated frame: that which the best label looked at most, of its best window.

    Args:
        prediction (VideoPrediction): Scores of a video file, with attention.
        out (str | os.PathLike): File to write; its ending says of what kind.
        font (str | os.PathLike, optional): As for :func:`annotate_video`.

    Returns:
        float: Time of the frame, in seconds.

    Raises:
        MGDMError: If the video cannot be read, or the file is the video or cannot be written.
    """
    with ExitStack() as stack:
        painter = _Painter(prediction, out, font, stack)
        number = int(np.argmax([window.scores[0] for window in prediction.windows]))
        best = prediction.windows[number]
        index = int(np.abs(painter.video.times - best.frame_times[best.best_frame]).argmin())
        time = float(painter.video.times[index])
        (image,) = painter.video.read_each([index], painter.layout.video[2:])
        with explain_disk(out):
            Image.fromarray(painter.paint(time, image, number)).save(out, optimize=True)
    return time


class _Painter:
    """Draws the pictures of one video, keeping what stays the same between two windows."""

    def __init__(
        self,
        prediction: VideoPrediction,
        out: str | os.PathLike,
        font: str | os.PathLike | None,
        stack: ExitStack,
    ) -> None:
        if not prediction.ok or not prediction.windows:
            raise MGDMError(f'{prediction.source}: {prediction.error or "has no scores"}')
        source = prediction.source
        if os.path.exists(out) and os.path.exists(source) and os.path.samefile(out, source):
            raise MGDMError(f'{out}: is the video itself; name another file to write.')
        self.windows = windows = prediction.windows
        texts = {name for w in windows for name in w.labels[: len(COLOURS)]}
        texts |= {item for w in windows for items in w.items.values() for item, _ in items}
        if warning := stack.enter_context(figure_style(sorted(texts), font)):
            warnings.warn(warning, stacklevel=3)
        self.video = _open(source, stack)
        self._ahead = None
        frames = 0
        attention = all(window.attention is not None for window in windows)
        if attention or all(window.places is not None for window in windows):
            # A panel is shown from the start of its window, when its frames are still to come.
            self._ahead = _open(source, stack)
            frames = max(len(window.frame_times) for window in windows)
        labels = min(max(len(window.labels) for window in windows), len(COLOURS))
        self.layout = plan_layout(self.video.size, frames, labels, attention)
        self._panel: Panel | None = None
        self._shown: int | None = None
        self._canvas = np.empty((self.layout.height, self.layout.width, 3), np.uint8)
        self._canvas[:] = BACKGROUND

    def paint(self, time: float, image: np.ndarray, number: int | None = None) -> np.ndarray:
        """Return the picture of a moment; it is changed by the next call."""
        number = window_at(self.windows, time) if number is None else number
        if self._panel is None or number != self._shown:
            self._panel = Panel(self.layout, self.windows, number, self._thumbnails(number))
            self._shown = number
        left, top, width, height = self.layout.video
        self._canvas[top : top + height, left : left + width] = image
        self._panel.draw(self._canvas, time)
        return self._canvas

    def _thumbnails(self, number: int | None) -> list[np.ndarray]:
        if number is None or self._ahead is None:
            return []
        window = self.windows[number]
        nearest = np.abs(self.video.times[:, None] - np.asarray(window.frame_times)).argmin(0)
        images = list(self._ahead.read_each(nearest, self.layout.thumbnail))
        return images if window.places is None else tint(images, window.places)


def _open(path: str, stack: ExitStack) -> Video:
    try:
        return stack.enter_context(open_video(path))
    except UnreadableVideoError as error:
        raise MGDMError(f'{path}: cannot be opened as a video: {error}.') from None
