"""Tiny real videos for the tests."""

from pathlib import Path

import cv2
import numpy as np


def frames_of(number: int, count: int, size: int = 32) -> list[np.ndarray]:
    """Return frames of one colour with a bar that moves, BGR."""
    rng = np.random.default_rng(number)
    frames = np.empty((count, size, size, 3), dtype=np.uint8)
    frames[:] = rng.integers(0, 255, 3)
    bar = rng.integers(0, 255, 3)
    for i, frame in enumerate(frames):
        start = (3 * i) % (size - 8)
        frame[:, start : start + 8] = bar
    return list(frames)


def write_video(path: Path, number: int, count: int = 12, size: int = 32) -> Path:
    """Encode an mp4 file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 10, (size, size))
    assert writer.isOpened()
    for frame in frames_of(number, count, size):
        writer.write(frame)
    writer.release()
    return path


def write_frames(folder: Path, number: int, count: int = 12, size: int = 32) -> Path:
    """Write img_00001.jpg, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, frame in enumerate(frames_of(number, count, size), 1):
        cv2.imwrite(str(folder / f'img_{i:05d}.jpg'), frame)
    return folder
