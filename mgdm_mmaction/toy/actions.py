"""The classes of the toy data set: an object with an outline times a motion with a track."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import MGDMError

__all__ = ['DEFAULT_OBJECTS', 'MOTIONS', 'OBJECTS', 'Action', 'list_actions', 'sample_track']


def _regular(num_points: int, radius: float = 1.0, start: float = -90.0) -> np.ndarray:
    angles = np.deg2rad(start + np.arange(num_points) * 360.0 / num_points)
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _box(width: float, height: float) -> np.ndarray:
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]])


def _star() -> np.ndarray:
    points = np.empty((10, 2))
    points[0::2] = _regular(5)
    points[1::2] = _regular(5, 0.42, start=-54.0)
    return points


def _cross(arm: float = 0.3) -> np.ndarray:
    corners = [np.array([[arm, -arm], [arm, -1.0], [-arm, -1.0]])]
    quarter_turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    for _ in range(3):
        corners.append(corners[-1] @ quarter_turn)
    return np.concatenate(corners)


#: Object -> closed contours [P, 2] (x to the right, y down) about the origin, of a size of about 1.
#: They are filled by the even-odd rule, so that a second contour cuts a hole.
OBJECTS = {
    'circle': [_regular(40, 0.9)],
    'square': [_box(0.8, 0.8)],
    'triangle': [_regular(3, 1.1)],
    'star': [_star() * 1.15],
    'cross': [_cross()],
    'ring': [_regular(40), _regular(40, 0.55)],
    'hourglass': [np.array([[-0.8, -1.0], [0.8, -1.0], [-0.8, 1.0], [0.8, 1.0]])],
    'diamond': [np.array([[0.0, -1.15], [0.55, 0.0], [0.0, 1.15], [-0.55, 0.0]])],
    'bar': [_box(1.15, 0.28)],
    'frame': [_box(0.85, 0.85), _box(0.45, 0.45)],
}

DEFAULT_OBJECTS = tuple(OBJECTS)[:6]

#: Motion name -> (axis of the track, direction). Axes are x (right), y (down), logarithm of size.
MOTIONS = {
    'moving left': (0, -1),
    'moving right': (0, 1),
    'moving up': (1, -1),
    'moving down': (1, 1),
    'growing': (2, 1),
    'shrinking': (2, -1),
}

# Per axis: lowest and highest value a track may reach, shortest and longest distance it covers, and
# standard deviation of the tremble of every frame. Lengths are fractions of the frame's side.
_RANGES = (
    (0.18, 0.82, 0.25, 0.50, 0.005),
    (0.18, 0.82, 0.25, 0.50, 0.005),
    (math.log(0.12), math.log(0.30), math.log(1.6), math.log(2.4), 0.02),
)


class Action(NamedTuple):
    """One class of the data set: one of :data:`OBJECTS`, and one of :data:`MOTIONS`."""

    object: str
    motion: str

    @property
    def name(self) -> str:
        """Class name, as in ``'circle moving left'``."""
        return f'{self.object} {self.motion}'


def list_actions(objects: Sequence[str] = DEFAULT_OBJECTS) -> list[Action]:
    """List the classes of objects in label order: object by object, motions in fixed order.

    Raises:
        MGDMError: If there is no object, an unknown one, or one twice.

    Example:
        >>> [action.name for action in list_actions(['star'])][:2]
        ['star moving left', 'star moving right']
    """
    if not objects:
        raise MGDMError(f'no objects given; choose from: {", ".join(OBJECTS)}')
    for index, name in enumerate(objects):
        if name not in OBJECTS:
            raise MGDMError(f"unknown object '{name}'; choose from: {', '.join(OBJECTS)}")
        if name in objects[:index]:
            raise MGDMError(f"object '{name}' is given twice; every object makes classes once")
    return [Action(name, motion) for name in objects for motion in MOTIONS]


def sample_track(motion: str, num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """Draw where the object is, and how large, in every frame of one clip.

    All three axes get a stretch to cover. The motion's own axis runs along its stretch at constant
    speed; the other two rest at the value that a random frame would have there. A frame picked at
    random therefore has exactly the same distribution of position and size whatever the motion is:
    one frame tells nothing of the class's motion, only the order of frames does.

    Args:
        motion (str): One of :data:`MOTIONS`.
        num_frames (int): Frames F of the clip, at least 2.
        rng (np.random.Generator): Source of all randomness.

    Returns:
        np.ndarray: Float64 [F, 3]: x, y and radius as fractions of the frame's side.
    """
    moving_axis, direction = MOTIONS[motion]
    phase = np.arange(num_frames) / (num_frames - 1)
    track = np.empty((num_frames, 3))
    for axis, (low, high, shortest, longest, tremble) in enumerate(_RANGES):
        length = rng.uniform(shortest, longest)
        start = rng.uniform(low, high - length)
        # Drawn for every axis, used or not, so that all motions consume the generator alike.
        rest = phase[rng.integers(num_frames)]
        if axis == moving_axis:
            track[:, axis] = start + length * (phase if direction > 0 else phase[::-1])
        else:
            track[:, axis] = start + length * rest
        track[:, axis] += rng.normal(0.0, tremble, num_frames)
    track[:, 2] = np.exp(track[:, 2])
    return track
