"""The classes of the toy action data set: an object times a motion, and how each motion runs."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..errors import MGDMError
from .shapes import OBJECTS

__all__ = ['DEFAULT_OBJECTS', 'MOTIONS', 'Action', 'list_actions', 'sample_track']

DEFAULT_OBJECTS = OBJECTS[:6]

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
    """One class of the data set.

    Args:
        object (str): One of :data:`~mgdm_mmaction.toy.shapes.OBJECTS`.
        motion (str): One of :data:`MOTIONS`.
    """

    object: str
    motion: str

    @property
    def name(self) -> str:
        """Class name, as in ``'circle moving left'``."""
        return f'{self.object} {self.motion}'


def list_actions(objects: Sequence[str] = DEFAULT_OBJECTS) -> list[Action]:
    """List the classes of a data set in label order: object by object, motions in fixed order.

    Args:
        objects (Sequence[str], optional): Names of the objects. Defaults to
            :data:`DEFAULT_OBJECTS`.

    Returns:
        list[Action]: Action of label i at position i, six an object.

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
