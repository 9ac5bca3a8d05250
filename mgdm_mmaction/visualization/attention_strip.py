"""The strip below the video: which frames each label looked at."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ..apis.predictions import WindowPrediction
from .colours import BACKGROUND, FAINT, LABELS, TEXT, heat
from .fonts import FontStack
from .layout import Layout

__all__ = ['AttentionStrip', 'attention_levels']


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


class AttentionStrip:
    """The T frames that the model saw, and below them a row of heat cells for each label.

    Args:
        window (WindowPrediction): A window with its attention.
        thumbnails (Sequence[np.ndarray]): The T frames, RGB uint8, see :meth:`thumbnail_size`.
        layout (Layout): Sizes of the picture.
        fonts (FontStack): Fonts that have the letters of the labels.

    Attributes:
        image (np.ndarray): The strip without the cursor, RGB uint8 [h, layout.width, 3].
    """

    def __init__(
        self,
        window: WindowPrediction,
        thumbnails: Sequence[np.ndarray],
        layout: Layout,
        fonts: FontStack,
    ) -> None:
        self._layout = layout
        self._small = max(round(0.72 * layout.text), 9)
        left, width = layout.cells
        count = len(window.frame_times)
        # Columns as whole pixels, without a gap or an overlap.
        self._edges = left + np.rint(np.linspace(0, width, count + 1)).astype(int)
        middles = (self._edges[:-1] + self._edges[1:]) / 2
        # The cursor is over a frame's cell exactly at its time, and even in between.
        self._times = [window.start, *window.frame_times, window.end]
        self._places = [left, *middles, left + width]
        gap, row = layout.gap, layout.row
        height = 2 * gap + layout.thumbnail + layout.rows * row
        picture = Image.new('RGB', (layout.width, height), BACKGROUND)
        self._draw_thumbnails(picture, thumbnails, window)
        self._draw_caption(picture, fonts)
        top = 2 * gap + layout.thumbnail
        levels = attention_levels(window.attention)[: layout.rows]
        draw = ImageDraw.Draw(picture)
        has_numbers = self._has_room_for_numbers(fonts)
        for i, (label, colour) in enumerate(
            zip(window.labels[: layout.rows], LABELS, strict=False)
        ):
            middle = top + i * row + row // 2
            self._draw_name(picture, label, colour, middle, fonts)
            for t, rgb in enumerate(heat(levels[i])):
                box = self._edges[t], top + i * row, self._edges[t + 1] - 2, top + (i + 1) * row - 3
                box = (*box[:2], max(box[2], box[0]), box[3])
                draw.rectangle(tuple(map(int, box)), fill=tuple(map(int, rgb)))
                if has_numbers:
                    self._draw_share(picture, box, window.attention[i][t], levels[i][t], fonts)
        self.image = np.array(picture)

    @staticmethod
    def thumbnail_size(layout: Layout, num_frames: int) -> tuple[int, int]:
        """Return width and height of thumbnails that fit the strip.

        Args:
            layout (Layout): Sizes of the picture.
            num_frames (int): Frames T of the window.
        """
        slot = layout.cells[1] / _slots(layout, num_frames) - 2
        _, _, w, h = layout.video
        scale = min(slot / w, layout.thumbnail / h)
        return max(round(w * scale), 1), max(round(h * scale), 1)

    def draw(self, canvas: np.ndarray, time: float) -> None:
        """Put the strip into a picture, with the cursor at a time.

        Args:
            canvas (np.ndarray): RGB, uint8 [height, width, 3]; changed.
            time (float): Current time in seconds.
        """
        top = self._layout.strip_top
        part = canvas[top : top + len(self.image)]
        part[:] = self.image
        x = round(float(np.interp(time, self._times, self._places)))
        half = max(self._layout.text // 14, 1)
        part[:, max(x - 2 * half, 0) : x + 2 * half] = BACKGROUND
        part[:, max(x - half, 0) : x + half] = (255, 255, 255)

    def _draw_thumbnails(
        self, picture: Image.Image, thumbnails: Sequence[np.ndarray], window: WindowPrediction
    ) -> None:
        left, width = self._layout.cells
        slots = _slots(self._layout, len(thumbnails))
        # Where there are more frames than fit, every n-th, in the middle of those it stands for.
        chosen = ((np.arange(slots) + 0.5) * len(thumbnails) / slots).astype(int)
        best = int(np.argmax(window.attention[0])) if len(window.attention) else -1
        for slot, index in enumerate(chosen):
            image = Image.fromarray(thumbnails[index])
            x = left + round((slot + 0.5) * width / slots - image.width / 2 - 1)
            y = self._layout.gap + (self._layout.thumbnail - image.height) // 2
            picture.paste(image, (x, y))
            if slots == len(thumbnails) and index == best:
                # The frame that the best label looked at most.
                box = (x - 1, y - 1, x + image.width, y + image.height)
                thick = max(self._layout.text // 8, 2)
                ImageDraw.Draw(picture).rectangle(box, outline=LABELS[0], width=thick)

    def _draw_name(
        self, picture: Image.Image, label: str, colour: tuple, middle: int, fonts: FontStack
    ) -> None:
        layout = self._layout
        swatch = max(layout.text // 3, 4)
        box = (layout.gap, middle - layout.row // 2 + 1, layout.gap + swatch)
        ImageDraw.Draw(picture).rectangle((*box, middle + layout.row // 2 - 4), fill=colour)
        start = layout.gap + swatch + layout.gap
        name, size = fonts.fit(label, layout.names - start, layout.text)
        fonts.draw(picture, (start, middle - 1), name, size, TEXT)

    def _draw_share(
        self, picture: Image.Image, box: tuple, share: float, level: float, fonts: FontStack
    ) -> None:
        """Write the share in per cent into its cell."""
        size, number = self._small, f'{100 * share:.0f}'
        ink = (20, 20, 20) if level > 0.6 else (205, 205, 205)
        # On the left, because the cursor is in the middle when the video shows this frame.
        place = box[0] + 3, (box[1] + box[3]) // 2
        fonts.draw(picture, tuple(map(int, place)), number, size, ink)

    def _has_room_for_numbers(self, fonts: FontStack) -> bool:
        """In all cells or in none: a number says nothing if its neighbours have none."""
        return fonts.width('100', self._small) + 5 <= int(np.diff(self._edges).min())

    def _draw_caption(self, picture: Image.Image, fonts: FontStack) -> None:
        layout = self._layout
        x, room = layout.gap, layout.names - layout.gap
        bottom = 2 * layout.gap + layout.thumbnail
        lines = ('frames the model saw,', 'attention of each label, %')
        for line, y in zip(lines, (-1.75, -0.6), strict=True):
            text, size = fonts.fit(line, room, self._small, 8)
            fonts.draw(picture, (x, bottom + round(y * layout.text)), text, size, FAINT)


def _slots(layout: Layout, num_frames: int) -> int:
    """Return how many thumbnails can be recognised side by side."""
    return max(min(num_frames, round(layout.cells[1] // (2.2 * layout.text))), 1)
