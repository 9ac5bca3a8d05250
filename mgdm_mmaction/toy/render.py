"""Draws the frames of the toy action data set."""

import cv2
import numpy as np

from .actions import OBJECTS, Action, sample_track

__all__ = ['render_clip', 'render_track']

# cv2.fillPoly takes integers with this many binary places: movements below a pixel stay visible.
_SHIFT = 4
_LUMINANCE = np.array([0.3, 0.6, 0.1], np.float32)
_MIN_CONTRAST = 70.0


def render_clip(
    action: Action, rng: np.random.Generator, num_frames: int = 24, size: int = 80
) -> np.ndarray:
    """Draw one clip of an action, with background, colours, speed and noise of its own.

    Returns:
        np.ndarray: Uint8 RGB frames [num_frames, size, size, 3].

    Example:
        >>> clip = render_clip(Action('star', 'growing'), np.random.default_rng(0))
        >>> clip.shape
        (24, 80, 80, 3)
    """
    return render_track(action.object, sample_track(action.motion, num_frames, rng), rng, size)


def render_track(
    object_name: str, track: np.ndarray, rng: np.random.Generator, size: int = 80
) -> np.ndarray:
    """Draw an object at given places.

    Args:
        object_name (str): One of :data:`~mgdm_mmaction.toy.actions.OBJECTS`.
        track (np.ndarray): Rows [F, 3] of :func:`~mgdm_mmaction.toy.actions.sample_track`.
        rng (np.random.Generator): Source of background, colours and noise.
        size (int, optional): Side S of the frames in pixels. Defaults to 80.

    Returns:
        np.ndarray: Uint8 RGB frames [F, S, S, 3], one a row of the track.
    """
    background = _draw_background(size, rng)
    colour = _pick_colour(background, rng)
    angle = np.deg2rad(rng.uniform(-20.0, 20.0))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    outline = [contour @ turn for contour in OBJECTS[object_name]]
    noise_level = rng.uniform(3.0, 12.0)

    frames = np.empty((len(track), size, size, 3), np.uint8)
    for frame_id, (x, y, radius) in enumerate(track * size):
        mask = np.zeros((size, size), np.uint8)
        # Pixel centres are at integers for OpenCV, hence the half pixel.
        points = [contour * radius + (x - 0.5, y - 0.5) for contour in outline]
        points = [np.round(contour * (1 << _SHIFT)).astype(np.int32) for contour in points]
        cv2.fillPoly(mask, points, 255, cv2.LINE_AA, _SHIFT)
        alpha = mask[..., None].astype(np.float32) / 255.0
        frame = background + alpha * (colour - background)
        frame += noise_level * rng.standard_normal(frame.shape, dtype=np.float32)
        frames[frame_id] = np.clip(np.rint(frame), 0, 255)
    return frames


def _draw_background(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a gradient with soft blotches and clutter, float32 [size, size, 3]."""
    first, second = rng.uniform(5, 115, (2, 3))
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.linspace(-0.7, 0.7, size, dtype=np.float32)
    ramp = np.clip(np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None] + 0.5, 0, 1)
    image = first + ramp[..., None] * (second - first)

    blotches = rng.normal(0, rng.uniform(2, 12), (6, 6, 3)).astype(np.float32)
    image += cv2.resize(blotches, (size, size), interpolation=cv2.INTER_CUBIC)
    image = np.ascontiguousarray(image, dtype=np.float32)

    # Strokes differ from the objects by shape and by their faint colour.
    for _ in range(rng.integers(2, 7)):
        start, end = rng.uniform(0, size, (2, 2)).astype(int).tolist()
        colour = image[start[1], start[0]] + rng.normal(0, 18, 3)
        cv2.line(image, start, end, colour.tolist(), int(rng.integers(1, 3)))
    return image


def _pick_colour(background: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a colour that is well brighter than the background's mean, float32 [3]."""
    candidates = rng.uniform(0, 255, (24, 3)).astype(np.float32)
    contrast = (candidates - background.mean(axis=(0, 1))) @ _LUMINANCE
    enough = np.flatnonzero(contrast >= _MIN_CONTRAST)
    return candidates[enough[0] if len(enough) else contrast.argmax()]
