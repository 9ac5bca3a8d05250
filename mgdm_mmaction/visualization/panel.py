"""The panel below an annotated video: frames the model saw, labels, scores, attention, time."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..apis.predictions import WindowPrediction, format_time
from .figures import shorten
from .heat import HEAT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ['COLOURS', 'Layout', 'Panel', 'attention_levels', 'plan_layout']

BACKGROUND = (18, 18, 22)
TEXT, FAINT, TRACK = '#f0f0f0', '#96969e', '#46464c'
# The best label, the second, the third; told apart also by those who see red and green alike.
COLOURS = ((255, 196, 61), (86, 180, 233), (240, 128, 200))

# A canvas at least this wide has room for labels; small videos are enlarged to it.
_MIN_WIDTH = 640
# No video is enlarged beyond this height, nor shrunk below this longer side.
_MAX_ENLARGED_HEIGHT, _MAX_SIDE = 720, 1920


class Layout(NamedTuple):
    """Sizes of an annotated picture, in pixels; the panel lies below the video.

    Args:
        width (int): Of the whole picture; even, as H.264's 4:2:0 needs.
        height (int): Of the whole picture; even.
        video (tuple[int, int, int, int]): Left, top, width and height of the video in it.
        top (int): Where the panel starts.
        text (int): Size of the letters.
        slots (int): Thumbnails side by side; 0 without any.
        thumbnail (tuple[int, int]): Width and height of one.
        cells (int): Height of a row of heat cells; 0 without attention.
        rows (tuple[int, ...]): Where each label starts, from the top of the panel.
    """

    width: int
    height: int
    video: tuple[int, int, int, int]
    top: int
    text: int
    slots: int
    thumbnail: tuple[int, int]
    cells: int
    rows: tuple[int, ...]

    @property
    def gap(self) -> int:
        """int: Space between things, and at the sides."""
        return self.text // 2

    def edges(self, count: int) -> np.ndarray:
        """Return the columns between which ``count`` frames lie side by side [count + 1]."""
        return np.rint(np.linspace(self.gap, self.width - self.gap, count + 1)).astype(int)


def plan_layout(
    size: tuple[float, float], num_frames: int, labels: int = 3, attention: bool = True
) -> Layout:
    """Choose sizes for a video: small ones are enlarged, those beyond Full HD shrunk.

    Args:
        size (tuple[float, float]): Width and height at which the video is meant to be seen.
        num_frames (int): Frames T that are shown; 0 for none.
        labels (int, optional): Labels with a row. Defaults to 3.
        attention (bool, optional): Show how much they were looked at, too. Defaults to True.

    Returns:
        Layout: The sizes.
    """
    w, h = size
    scale = min(_MAX_SIDE / max(w, h), 1.0)
    if w * scale < _MIN_WIDTH:
        scale = max(scale, min(_MIN_WIDTH / w, max(_MAX_ENLARGED_HEIGHT / h, scale)))
    shown_w, shown_h = _even(w * scale), _even(h * scale)
    width = max(shown_w, _MIN_WIDTH)
    text = max(round(min(width, 1.6 * shown_h) / 60), 15)
    gap = text // 2
    room = width - 2 * gap
    # As many thumbnails as can be recognised, each as wide as its slot, but not towering.
    slots = max(min(num_frames, room // (3 * text)), 1) if num_frames else 0
    shrink = min((room / slots - 2) / w, 6 * text / h) if num_frames else 0
    thumbnail = max(round(w * shrink), 1), max(round(h * shrink), 1)
    cells = round(1.2 * text) if num_frames and attention else 0
    top = gap + (thumbnail[1] + gap if num_frames else 0)
    step = round(1.6 * text) + cells + (gap if cells else 0)
    rows = tuple(top + i * step for i in range(labels))
    height = top + labels * step + round(1.8 * text)
    video = ((width - shown_w) // 2, 0, shown_w, shown_h)
    return Layout(
        width, _even(shown_h + height + 1), video, shown_h, text, slots, thumbnail, cells, rows
    )


def _even(value: float) -> int:
    return max(2 * round(value / 2), 2)


def attention_levels(attention: np.ndarray) -> np.ndarray:
    """Return how bright each cell is.

    One scale for all labels of a window, so that rows can be compared: full brightness is the
    highest attention shown, yet never less than three times the even share 1 / T. A label that
    looked at all frames alike is dim and not bright all over.

    Args:
        attention (np.ndarray): Attention [K, T]; rows sum to 1.

    Returns:
        np.ndarray: Levels [K, T] between 0 and 1.
    """
    attention = np.asarray(attention, np.float32)
    top = max(float(attention.max()), min(3 / attention.shape[1], 1.0))
    return attention / top


class Panel:
    """What is shown of one window; matplotlib draws it once, numpy pastes it under each frame.

    To be made and used within :func:`~mgdm_mmaction.visualization.figures.figure_style`.

    Args:
        layout (Layout): Sizes.
        windows (Sequence[WindowPrediction]): All windows of the video.
        number (int | None): The one that is shown; None between windows.
        thumbnails (Sequence[np.ndarray], optional): Its T frames, RGB uint8, of the layout's size.
            Defaults to (): none.
    """

    def __init__(
        self,
        layout: Layout,
        windows: Sequence[WindowPrediction],
        number: int | None,
        thumbnails: Sequence[np.ndarray] = (),
    ) -> None:
        self._layout, self._end = layout, max(window.end for window in windows)
        self._number = number
        size = (layout.width, layout.height - layout.top)
        axes = _axes(*size)
        middle = size[1] - round(0.9 * layout.text)
        left = layout.gap + round(8.5 * layout.text)  # room for the clock
        right = layout.width - layout.gap
        window = None if number is None else windows[number]
        if window is not None:
            for row, colour in enumerate(COLOURS[: len(layout.rows)]):
                if row < len(window.labels):
                    self._draw_label(axes, window, row, colour)
            if len(windows) > 1:
                place = f'window {number + 1} of {len(windows)}: {format_time(window.start)} to '
                place += format_time(window.end)
                x = _write(axes, right, middle, place, 0.8 * layout.text, FAINT, right, 'right')
                right = x - 2 * layout.gap
        self._track = left, right, middle
        thick = max(layout.text // 5, 3)
        _box(axes, left, middle - thick / 2, right, middle + thick / 2, TRACK)
        if window is not None and len(windows) > 1:
            ends = np.interp([window.start, window.end], [0, self._end], [left, right])
            _box(axes, ends[0], middle - thick / 2, ends[1], middle + thick / 2, COLOURS[0])
        self._image = _pixels(axes)
        self._cursor = None
        if window is not None and layout.slots and len(thumbnails):
            self._paste(thumbnails, window)
            # The cursor is over a frame's cell exactly at its time, and even in between.
            edges = layout.edges(len(window.frame_times))
            self._cursor = (
                [window.start, *window.frame_times, window.end],
                [edges[0], *(edges[:-1] + edges[1:]) / 2, edges[-1]],
            )

    def draw(self, canvas: np.ndarray, time: float) -> None:
        """Put the panel into a picture, with the clock and the cursors at a time.

        Args:
            canvas (np.ndarray): RGB, uint8 [height, width, 3]; changed.
            time (float): Current time in seconds.
        """
        layout = self._layout
        panel = canvas[layout.top :]
        panel[:] = self._image
        left, right, middle = self._track
        x = round(float(np.interp(time, [0, max(self._end, time)], [left, right])))
        half = max(layout.text // 3, 4)
        panel[middle - half : middle + half, x - 1 : x + 2] = 255
        total = max(self._end, time)
        clock = _clock(f'{format_time(time)} / {format_time(total)}', layout.text)
        panel[middle - len(clock) // 2 :][: len(clock), layout.gap :][:, : clock.shape[1]] = clock
        if self._cursor is not None:
            x = round(float(np.interp(time, *self._cursor)))
            half = max(layout.text // 14, 1)
            for row in layout.rows:
                top = row + round(1.6 * layout.text)
                line = panel[top : top + layout.cells]
                line[:, max(x - 2 * half, 0) : x + 2 * half] = BACKGROUND
                line[:, max(x - half, 0) : x + half] = 255

    def _draw_label(
        self, axes: 'Axes', window: WindowPrediction, row: int, colour: tuple[int, int, int]
    ) -> None:
        """Draw name, items, score and bar in a line, and below it the heat cells."""
        layout = self._layout
        text, gap, top = layout.text, layout.gap, layout.rows[row]
        middle = top + round(0.75 * text)
        label, score = window.labels[row], window.scores[row]
        right = layout.width - gap
        _write(axes, right, middle, _percent(score), text, _hex(colour), right, 'right')
        right -= round(4.7 * text)
        bar = min(8 * text, layout.width // 6)
        _box(axes, right - bar, middle - text / 4, right, middle + text / 4, TRACK)
        end = right - bar + bar * score
        _box(axes, right - bar, middle - text / 4, end, middle + text / 4, colour)
        room = right - bar - 2 * gap
        _box(axes, gap, middle - text / 2, gap + text / 2, middle + text / 2, colour)
        left = 2 * gap + text / 2
        left = _write(axes, left, middle, label, text, TEXT, room - left) + 2 * gap
        items = ', '.join(name for name, _ in window.items.get(label, [])[:4])
        if items and room - left > 6 * text:
            if row == 0 and window.places is not None:
                # The first item is what the frames are tinted for.
                _box(axes, left, middle - text / 4, left + text / 2, middle + text / 4, HEAT)
                left += text
            _write(axes, left, middle, items, 0.85 * text, FAINT, room - left)
        if not layout.cells or window.attention is None:
            return
        levels = attention_levels(window.attention)[row]
        edges = layout.edges(len(levels))
        top += round(1.6 * text)
        # From a tenth on, inferno stands out from the background.
        axes.pcolormesh(
            edges, [top, top + layout.cells], levels[None], cmap='inferno', vmin=-1 / 9, vmax=1
        )
        axes.vlines(edges[1:-1], top, top + layout.cells, color=_hex(BACKGROUND), linewidth=1)
        small = 0.75 * text
        if np.diff(edges).min() > 2.6 * small:
            for x, share, level in zip(edges, window.attention[row], levels, strict=False):
                ink = '#141414' if level > 0.6 else '#cdcdcd'
                # On the left: the cursor is in the middle when the video shows this frame.
                _write(
                    axes, x + 4, top + layout.cells / 2, f'{100 * share:.0f}', small, ink, text * 9
                )

    def _paste(self, thumbnails: Sequence[np.ndarray], window: WindowPrediction) -> None:
        """Put in the frames; where there are more than fit, every n-th in the middle of n."""
        layout = self._layout
        chosen = ((np.arange(layout.slots) + 0.5) * len(thumbnails) / layout.slots).astype(int)
        edges = layout.edges(layout.slots)
        width, height = layout.thumbnail
        for slot, index in enumerate(chosen):
            x = (edges[slot] + edges[slot + 1] - width) // 2
            if layout.slots == len(thumbnails) and index == window.best_frame:
                thick = max(layout.text // 6, 2)
                frame = self._image[layout.gap - thick : layout.gap + height + thick]
                frame[:, max(x - thick, 0) : x + width + thick] = COLOURS[0]
            self._image[layout.gap : layout.gap + height, x : x + width] = thumbnails[index]


def _percent(score: float) -> str:
    percent = 100 * score
    if 0 < percent < 0.1:
        return '< 0.1 %'
    return f'{percent:.0f} %' if percent >= 99.95 or percent == 0 else f'{percent:.1f} %'


def _hex(colour: Sequence[int]) -> str:
    return '#{:02x}{:02x}{:02x}'.format(*colour)


def _axes(width: int, height: int) -> 'Axes':
    """Make axes whose units are pixels, from the upper left corner."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width / 72, height / 72), dpi=72, facecolor=_hex(BACKGROUND))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.axis('off')
    return axes


def _pixels(axes: 'Axes') -> np.ndarray:
    axes.figure.canvas.draw()
    return np.asarray(axes.figure.canvas.buffer_rgba())[..., :3].copy()


def _box(axes: 'Axes', left, top, right, bottom, colour) -> None:
    from matplotlib.patches import Rectangle

    colour = colour if isinstance(colour, str) else _hex(colour)
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, facecolor=colour))


def _write(axes: 'Axes', x, middle, text: str, size, colour: str, room, align='left') -> float:
    """Write one line, shortened to its room, and return where it ends (or starts, at the right)."""
    text = ' '.join(text.split())
    artist = axes.text(x, middle, text, size=size, color=colour, ha=align, va='center_baseline')
    keep = len(text)
    while (width := artist.get_window_extent().width) > room and keep > 4:
        keep = max(min(keep - 1, int(keep * room / width)), 4)
        artist.set_text(shorten(text, keep))
    return x + (width if align == 'left' else -width)


@lru_cache(maxsize=16)
def _clock(text: str, size: int) -> np.ndarray:
    """Draw the time, which changes every tenth of a second."""
    axes = _axes(8 * size, round(1.4 * size))
    _write(axes, 0, 0.7 * size, text, 0.8 * size, TEXT, 8 * size)
    return _pixels(axes)
