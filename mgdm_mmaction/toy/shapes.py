"""The objects of the toy action data set, as outlines in unit coordinates."""

import math

import numpy as np

__all__ = ['OBJECTS', 'object_outline']


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


def _heart() -> np.ndarray:
    t = np.linspace(0.0, 2 * math.pi, 40, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x, y], axis=1) / 16.0


def _crescent() -> np.ndarray:
    outer = np.deg2rad(np.linspace(50.0, 310.0, 30))
    tip = np.array([math.cos(outer[0]), math.sin(outer[0])])
    # The inner arc runs through the same two tips, about a centre moved to the right.
    centre = 0.45
    radius = math.hypot(tip[0] - centre, tip[1])
    edge = math.atan2(tip[1], tip[0] - centre)
    inner = np.linspace(2 * math.pi - edge, edge, 30)
    return np.concatenate(
        [
            np.stack([np.cos(outer), np.sin(outer)], axis=1),
            np.stack([centre + radius * np.cos(inner), radius * np.sin(inner)], axis=1),
        ]
    )


# Contours of one object are filled by the even-odd rule, so a second contour cuts a hole.
_OUTLINES = {
    'circle': [_regular(40, 0.9)],
    'square': [_box(0.8, 0.8)],
    'triangle': [_regular(3, 1.1)],
    'star': [_star() * 1.15],
    'cross': [_cross()],
    'ring': [_regular(40), _regular(40, 0.55)],
    'heart': [_heart()],
    'crescent': [_crescent()],
    'hourglass': [np.array([[-0.8, -1.0], [0.8, -1.0], [-0.8, 1.0], [0.8, 1.0]])],
    'diamond': [np.array([[0.0, -1.15], [0.55, 0.0], [0.0, 1.15], [-0.55, 0.0]])],
    'bar': [_box(1.15, 0.28)],
    'frame': [_box(0.85, 0.85), _box(0.45, 0.45)],
}

#: Names of the objects that can be drawn; the first six are the default ones.
OBJECTS = tuple(_OUTLINES)


def object_outline(name: str) -> list[np.ndarray]:
    """Return the closed contours of an object.

    Args:
        name (str): One of :data:`OBJECTS`.

    Returns:
        list[np.ndarray]: Contours [P, 2] (x to the right, y down) about the origin, of a size of
        about 1. They are filled by the even-odd rule.
    """
    return _OUTLINES[name]
