"""Made-up predictions, videos with times of their own, and a font, for the tests of the drawing."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from mgdm_mmaction.apis.predictions import VideoPrediction, WindowPrediction

MILLISECONDS = Fraction(1, 1000)


def moving_square(index: int, count: int, height: int, width: int) -> np.ndarray:
    """A white square that goes from left to right over a grey picture, RGB uint8."""
    frame = np.full((height, width, 3), 60, np.uint8)
    side = min(height, width) // 4
    left = (width - side) * index // max(count - 1, 1)
    frame[:side, left : left + side] = 255
    return frame


def encode(path: Path, frames: Sequence[np.ndarray], times: Sequence[float], **options) -> Path:
    """Write frames (RGB) at these times; nothing is lost but half of the colours' places."""
    container = av.open(str(path), 'w')
    stream = container.add_stream('libx264', rate=25, options={'crf': '0', 'preset': 'ultrafast'})
    stream.height, stream.width = frames[0].shape[:2]
    stream.pix_fmt = 'yuv420p'
    for name, value in options.items():
        setattr(stream.codec_context, name, value)
    stream.time_base = stream.codec_context.time_base = MILLISECONDS
    for image, time in zip(frames, times, strict=True):
        frame = av.VideoFrame.from_ndarray(image, format='rgb24')
        frame.pts, frame.time_base = round(time * 1000), MILLISECONDS
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()
    return path


def write_square(
    path: Path, count: int = 20, height: int = 48, width: int = 64, fps: float = 10
) -> Path:
    """Encode the moving square."""
    frames = [moving_square(i, count, height, width) for i in range(count)]
    return encode(path, frames, [i / fps for i in range(count)])


def turn(path: Path, out: Path) -> Path:
    """Copy an mp4 file and note in its header that a player must turn it right by 90 degrees."""
    data = bytearray(path.read_bytes())
    # ISO/IEC 14496-12, 8.3.2: the matrix lies 40 bytes behind the version of a track header.
    place = data.index(b'tkhd') + 4 + 40
    assert struct.unpack('>9i', data[place : place + 36])[0] == 1 << 16
    height = struct.unpack('>I', data[place + 40 : place + 44])[0]
    matrix = (0, 1 << 16, 0, -(1 << 16), 0, 0, height, 0, 1 << 30)
    data[place : place + 36] = struct.pack('>9i', *matrix)
    out.write_bytes(data)
    return out


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
