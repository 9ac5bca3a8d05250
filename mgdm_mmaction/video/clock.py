"""The line that tells the time, and which window of the video is being shown."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ..apis.predictions import WindowPrediction
from ..visualization.colours import BACKGROUND, FAINT, LABELS, TEXT
from ..visualization.fonts import FontStack
from ..visualization.layout import Layout

__all__ = ['draw_clock', 'format_time']


def format_time(seconds: float) -> str:
    """Write a time as 1:02:03.4, without hours where there are none."""
    tenths = round(max(seconds, 0.0) * 10)
    hours, minutes = tenths // 36000, tenths // 600 % 60
    rest = f'{tenths // 10 % 60:02d}.{tenths % 10}'
    return f'{hours}:{minutes:02d}:{rest}' if hours else f'{minutes}:{rest}'


def draw_clock(
    canvas: np.ndarray,
    time: float,
    windows: Sequence[WindowPrediction],
    number: int | None,
    layout: Layout,
    fonts: FontStack,
) -> None:
    """Draw the time and, below the cells, the whole video with the current window in it.

    Args:
        canvas (np.ndarray): RGB, uint8 [height, width, 3]; its lowest line is changed.
        time (float): Current time in seconds.
        windows (Sequence[WindowPrediction]): Windows of the video.
        number (int | None): The current one; None between windows.
        layout (Layout): Sizes of the picture.
        fonts (FontStack): Fonts.
    """
    total = max(max(window.end for window in windows), time, 1e-6)
    size = max(round(0.8 * layout.text), 10)
    line = Image.new('RGB', (layout.width, layout.clock), BACKGROUND)
    middle = layout.clock // 2
    fonts.draw(
        line, (layout.gap, middle), f'{format_time(time)} / {format_time(total)}', size, TEXT
    )
    left, width = layout.cells
    draw = ImageDraw.Draw(line)
    thick = max(layout.text // 5, 3)
    if len(windows) > 1 and number is not None:
        window = windows[number]
        text = f'window {number + 1} of {len(windows)}: '
        text += f'{format_time(window.start)} to {format_time(window.end)}'
        text, size = fonts.fit(text, width // 2, size, 9)
        taken = fonts.width(text, size)
        fonts.draw(line, (left + width - taken, middle), text, size, FAINT)
        width -= taken + 2 * layout.gap

    def place(seconds: float) -> int:
        return left + round(width * min(seconds / total, 1.0))

    top = middle - thick // 2
    draw.rectangle((left, top, left + width, top + thick - 1), fill=(70, 70, 76))
    if number is not None and len(windows) > 1:
        box = (place(windows[number].start), top, place(windows[number].end), top + thick - 1)
        draw.rectangle(box, fill=LABELS[0])
    x = place(time)
    draw.rectangle((x - 1, top - thick, x + 1, top + 2 * thick - 1), fill=(255, 255, 255))
    canvas[layout.height - layout.clock :] = np.asarray(line)
