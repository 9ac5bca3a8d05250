"""The best labels with their scores, drawn over the video."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from .colours import LABELS, TEXT
from .fonts import FontStack
from .layout import Layout

__all__ = ['ScoreOverlay']

# How much of the video the panel hides.
_COVER = 0.62


class ScoreOverlay:
    """A panel in the upper left corner: a line a label, its probability as a number and a bar.

    Drawn once and laid over each frame, because it changes only with the window.

    Args:
        labels (Sequence[str]): The labels, best first; one colour each, at most three.
        scores (Sequence[float]): Their probabilities.
        layout (Layout): Sizes of the picture.
        fonts (FontStack): Fonts that have the letters of the labels.

    Attributes:
        box (tuple[int, int, int, int]): Left, top, right and bottom of the panel.
    """

    def __init__(
        self, labels: Sequence[str], scores: Sequence[float], layout: Layout, fonts: FontStack
    ) -> None:
        text, gap = layout.text, layout.gap
        rows = list(zip(labels, scores, LABELS, strict=False))
        numbers = [_percent(score) for _, score, _ in rows]
        number_width = max((fonts.width(n, text) for n in numbers), default=0)
        most = min(layout.width - 4 * gap, max(round(0.6 * layout.width), 300))
        room = most - number_width - 5 * gap
        fitted = [fonts.fit(label, room, text) for label, _, _ in rows]
        label_width = max((fonts.width(*one) for one in fitted), default=0)
        width = max(label_width + number_width + 5 * gap, min(most, 11 * text))
        row = round(1.8 * text)
        height = len(rows) * row + gap
        self.box = (gap, gap, gap + width, gap + height)

        panel = Image.new('RGB', (width, height), (0, 0, 0))
        draw = ImageDraw.Draw(panel)
        opaque = Image.new('L', (width, height), round(255 * _COVER))
        solid = ImageDraw.Draw(opaque)
        for i, ((name, size), number, (_, score, colour)) in enumerate(
            zip(fitted, numbers, rows, strict=True)
        ):
            middle = i * row + gap + text // 2
            fonts.draw(panel, (gap, middle), name, size, TEXT)
            left = width - gap - fonts.width(number, text)
            fonts.draw(panel, (left, middle), number, text, colour)
            bar = max(text // 6, 2)
            top = i * row + gap + round(1.25 * text)
            ends = (gap, top, gap + max(round((width - 2 * gap) * score), 1) - 1, top + bar - 1)
            draw.rectangle((gap, top, width - gap - 1, top + bar - 1), fill=(70, 70, 76))
            draw.rectangle(ends, fill=colour)
            solid.rectangle((gap, top, width - gap - 1, top + bar - 1), fill=255)
        ink = np.asarray(panel, np.uint16)
        # Letters hide what is behind them, whatever their colour.
        letters = np.minimum(ink.max(-1) * 4 // 3, 255)
        cover = np.maximum(np.asarray(opaque, np.uint16), letters)[..., None]
        self._ink = ink * cover
        self._rest = 255 - cover

    def draw(self, canvas: np.ndarray) -> None:
        """Lay the panel over a picture.

        Args:
            canvas (np.ndarray): RGB, uint8 [height, width, 3]; changed.
        """
        left, top, right, bottom = self.box
        part = canvas[top:bottom, left:right]
        part[:] = (part * self._rest + self._ink) // 255


def _percent(score: float) -> str:
    percent = 100 * score
    if 0 < percent < 0.1:
        return '< 0.1 %'
    return f'{percent:.0f} %' if percent >= 99.95 or percent == 0 else f'{percent:.1f} %'
