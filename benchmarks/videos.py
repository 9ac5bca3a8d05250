"""Videos to measure decoding with."""

from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from mgdm_mmaction.errors import MGDMError

__all__ = ['VideoSizes', 'write_videos']


class VideoSizes(NamedTuple):
    """Sizes of the videos.

    Args:
        count (int): Number of videos.
        width (int): Width in pixels.
        height (int): Height in pixels.
        frames (int): Frames of each.
        gop (int | None): Distance of key frames, in H.264. Defaults to None: MPEG-4.
    """

    count: int
    width: int
    height: int
    frames: int
    gop: int | None = None


def write_videos(folder: Path, sizes: VideoSizes, seed: int) -> Path:
    """Write mp4 videos of a textured scene that a camera pans over, with noise.

    Args:
        folder (Path): Folder to write to.
        sizes (VideoSizes): How many and how large.
        seed (int): Seed.

    Returns:
        Path: Annotation file in the folder, as MMAction2's ``VideoDataset`` reads it.

    Raises:
        MGDMError: If OpenCV cannot write mp4.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    names = [f'{index}.mp4' for index in range(sizes.count)]
    for name in names:
        if sizes.gop is not None:
            _write_h264(folder / name, sizes, generator)
            continue
        codec = cv2.VideoWriter_fourcc(*'mp4v')
        size = (sizes.width, sizes.height)
        writer = cv2.VideoWriter(str(folder / name), codec, 30, size)
        if not writer.isOpened():
            raise MGDMError(f'OpenCV {cv2.__version__} cannot write mp4 to {folder}')
        for frame in _pan(sizes, generator):
            writer.write(frame)
        writer.release()
    annotations = folder / 'list.txt'
    annotations.write_text(''.join(f'{name} 0\n' for name in names))
    return annotations


def _write_h264(path: Path, sizes: VideoSizes, generator: np.random.Generator) -> None:
    options = {'g': str(sizes.gop), 'preset': 'veryfast', 'threads': '1'}
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = sizes.width, sizes.height, 'yuv420p'
        for image in _pan(sizes, generator):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='bgr24')))
        container.mux(stream.encode())


def _pan(sizes: VideoSizes, generator: np.random.Generator):
    coarse = generator.integers(0, 256, (12, 24, 3), dtype=np.uint8)
    scene = cv2.resize(coarse, (2 * sizes.width, sizes.height), interpolation=cv2.INTER_CUBIC)
    noise = generator.integers(0, 24, (sizes.height, 2 * sizes.width, 3), dtype=np.uint8)
    for index in range(sizes.frames):
        left = index * sizes.width // sizes.frames
        shift = int(generator.integers(sizes.width))
        window = slice(left, left + sizes.width), slice(shift, shift + sizes.width)
        yield cv2.add(scene[:, window[0]], noise[:, window[1]])
