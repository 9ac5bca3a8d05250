"""Frames tinted where a model found something."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from ..apis.predictions import Places

__all__ = ['HEAT', 'tint']

HEAT = (255, 70, 50)


def tint(frames: Sequence[np.ndarray], places: Places) -> list[np.ndarray]:
    """Lay a translucent heat map over frames.

    Args:
        frames (Sequence[np.ndarray]): The T frames, RGB uint8 [H, W, 3].
        places (Places): Where the item is in them.

    Returns:
        list[np.ndarray]: Tinted copies.
    """
    return [_tint(*pair, places.box) for pair in zip(frames, places.heat, strict=True)]


def _tint(frame: np.ndarray, heat: np.ndarray, box: Sequence[float]) -> np.ndarray:
    height, width = frame.shape[:2]
    left, top = round(box[0] * width), round(box[1] * height)
    right, bottom = round((box[0] + box[2]) * width), round((box[1] + box[3]) * height)
    cover = Image.fromarray(np.asarray(heat, np.float32))
    cover = np.asarray(cover.resize((right - left, bottom - top), Image.Resampling.BICUBIC))
    share = 0.7 * cover.clip(0, 1)[..., None]
    tinted = frame.copy()
    part = tinted[top:bottom, left:right]
    part[:] = (1 - share) * part + share * np.array(HEAT)
    return tinted
