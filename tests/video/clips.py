"""Real files of all kinds, encoded on the spot."""

import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

COLOURS = {'red': (200, 30, 30), 'green': (30, 200, 30), 'blue': (30, 30, 200)}


def quadrants(number: int = 0, width: int = 96, height: int = 64) -> np.ndarray:
    """A red picture with a green top-left corner and a blue column that moves with ``number``."""
    frame = np.empty((height, width, 3), dtype=np.uint8)
    frame[:] = COLOURS['red']
    frame[: height // 2, : width // 2] = COLOURS['green']
    start = width // 2 + (4 * number) % (width // 2 - 8)
    frame[height // 2 :, start : start + 8] = COLOURS['blue']
    return frame


def grey(number: int = 0, width: int = 96, height: int = 64) -> np.ndarray:
    """A picture whose brightness is its number, up to 35: 20, 26, 32 ..."""
    return np.full((height, width, 3), 20 + 6 * number, np.uint8)


def encode(
    path: Path,
    count=12,
    fps=10,
    codec='libx264',
    size=(96, 64),
    times=None,
    picture=quadrants,
    pixels=None,
    shape=None,
    codec_options=None,
    **options,
):
    """Write a video.

    Args:
        path: File; its ending names the format.
        count: Frames.
        fps: Rate, unless there are ``times``: the milliseconds at which the frames appear.
        codec: Encoder.
        size: Width and height.
        times: Milliseconds.
        picture: Makes the frame of a number, a width and a height, RGB.
        pixels: Pixel format.
        shape: Width of a pixel divided by its height.
        codec_options: Options of the encoder.
        options: Options of the format.
    """
    if codec.startswith('libvpx') and __name__ != '__main__':
        # In this process decord's own libvpx would take the place of PyAV's, and refuse.
        command = [sys.executable, __file__, str(path), str(count), str(fps), codec]
        subprocess.run([*command, picture.__name__], check=True)
        return path
    pixels = pixels or ('rgb8' if codec == 'gif' else 'yuv420p')
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream(codec, rate=fps, options=codec_options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.bit_rate = 1_000_000
        if shape is not None:
            stream.codec_context.sample_aspect_ratio = shape
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
            count = len(times)
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture(i, *size), format='rgb24')
            frame = frame.reformat(format=pixels)
            if times is not None:
                frame.pts, frame.time_base = times[i], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_sound(path: Path) -> Path:
    """Write a second of silence."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=16000)
        silence = np.zeros((1, 16000), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format='fltp', layout='mono')
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def rotate(path: Path, degrees: int) -> Path:
    """Tell players to show an mp4 file turned clockwise, as phones do: its display matrix."""
    data = bytearray(path.read_bytes())
    at = data.find(b'tkhd') + 4 + 40  # version 0: version, times, id, layer, volume
    values = list(struct.unpack('>9i', data[at : at + 36]))
    assert values == [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30]
    cos, sin = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    values[0], values[1], values[3], values[4] = (v << 16 for v in (cos, sin, -sin, cos))
    data[at : at + 36] = struct.pack('>9i', *values)
    path.write_bytes(data)
    return path


def cut(source: Path, target: Path, part: float = 0.6) -> Path:
    """Copy the beginning of a file."""
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * part)])
    return target


if __name__ == '__main__':
    path, count, fps, codec, picture = sys.argv[1:]
    encode(Path(path), int(count), int(fps), codec, picture=globals()[picture])
