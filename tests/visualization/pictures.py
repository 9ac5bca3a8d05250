"""Made-up predictions of a clip with a moving square, and a font, for the tests of the drawing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mgdm_mmaction.apis.predictions import VideoPrediction, WindowPrediction
from tests.video.clips import encode


def write_square(
    path: Path, count: int = 20, size: tuple[int, int] = (64, 48), fps: float = 10, **options
) -> Path:
    """Encode a white square that goes from left to right over a grey picture."""

    def picture(index: int, width: int, height: int) -> np.ndarray:
        frame = np.full((height, width, 3), 60, np.uint8)
        side = min(height, width) // 4
        left = (width - side) * index // max(count - 1, 1)
        frame[:side, left : left + side] = 255
        return frame

    return encode(path, count, fps, size=size, picture=picture, **options)


def predict(
    source: Path,
    spans: Sequence[tuple[float, float]],
    labels: Sequence[Sequence[str]],
    peaks: Sequence[Sequence[int]],
    num_frames: int = 4,
) -> VideoPrediction:
    """Make windows whose labels look at one frame each, nine tenths of their attention."""
    windows = []
    for (start, end), names, frames in zip(spans, labels, peaks, strict=True):
        attention = np.full((len(names), num_frames), 0.1 / (num_frames - 1), np.float32)
        attention[range(len(names)), frames] = 0.9
        times = start + (end - start) * (np.arange(num_frames) + 0.5) / num_frames
        scores = [0.6, 0.3, 0.1][: len(names)]
        windows.append(WindowPrediction(start, end, list(names), scores, times.tolist(), attention))
    return VideoPrediction(str(source), windows[0].labels, windows[0].scores, windows)


def write_font(path: Path, letters: str) -> Path:
    """Make a font in which each of these letters is a full square."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    for move, point in zip(
        (pen.moveTo, pen.lineTo, pen.lineTo, pen.lineTo),
        ((50, 0), (50, 800), (950, 800), (950, 0)),
        strict=True,
    ):
        move(point)
    pen.closePath()
    square = pen.glyph()
    names = ['.notdef', *(f'u{ord(letter):04X}' for letter in letters)]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): f'u{ord(c):04X}' for c in letters})
    empty = TTGlyphPen(None).glyph()
    builder.setupGlyf({name: empty if name == '.notdef' else square for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 50)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({'familyName': 'Squares', 'styleName': 'Regular'})
    builder.setupOS2()
    builder.setupPost()
    builder.save(str(path))
    return path
