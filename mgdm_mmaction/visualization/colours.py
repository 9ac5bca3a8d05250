"""Colours of the annotated pictures."""

from functools import cache

import numpy as np

__all__ = ['BACKGROUND', 'FAINT', 'LABELS', 'TEXT', 'heat']

BACKGROUND = (18, 18, 22)
TEXT = (240, 240, 240)
FAINT = (150, 150, 158)
# The best label, the second, the third; told apart also by those who see red and green alike.
LABELS = ((255, 196, 61), (86, 180, 233), (240, 128, 200))


def heat(values: np.ndarray) -> np.ndarray:
    """Colour values from dark to bright; a higher value is always brighter.

    Args:
        values (np.ndarray): Between 0 and 1, any shape [...].

    Returns:
        np.ndarray: RGB, uint8 [..., 3].
    """
    return _table()[np.rint(np.clip(values, 0, 1) * 255).astype(int)]


@cache
def _table() -> np.ndarray:
    from matplotlib import colormaps

    # inferno without its blackest tenth, which would not stand out from the background.
    rgb = colormaps['inferno'](np.linspace(0.1, 1.0, 256))[:, :3]
    return np.rint(rgb * 255).astype(np.uint8)
