"""The panel of scores: what it hides, what it shows."""

import numpy as np
import pytest

from mgdm_mmaction.visualization import FontStack, ScoreOverlay, plan_layout
from mgdm_mmaction.visualization.colours import LABELS

FONTS = FontStack([], candidates=[])
LAYOUT = plan_layout((640, 360), 8)


def _draw(labels, scores, value=0, layout=LAYOUT):
    overlay = ScoreOverlay(labels, scores, layout, FONTS)
    canvas = np.full((layout.height, layout.width, 3), value, np.uint8)
    overlay.draw(canvas)
    return overlay, canvas


@pytest.mark.parametrize('value', [0, 255])
def test_names_and_numbers_are_seen_on_any_video_and_the_rest_of_it_stays(value):
    overlay, canvas = _draw(['opening', 'closing'], [0.7, 0.2], value)
    left, top, right, bottom = overlay.box
    panel = canvas[top:bottom, left:right].astype(int)

    # White letters on what is dark whatever is behind.
    assert (panel.min(-1) > 220).sum() > 40
    assert np.median(panel) < 110
    canvas[top:bottom, left:right] = value
    assert (canvas == value).all()


def test_other_labels_are_other_pixels():
    _, one = _draw(['opening', 'closing'], [0.7, 0.2])
    _, two = _draw(['opening', 'cleaning'], [0.7, 0.2])

    changed = np.flatnonzero((one != two).any((1, 2)))
    # Only the second line.
    assert len(changed) > 3
    assert changed[0] > LAYOUT.text * 1.8


def test_bars_are_as_long_as_the_probabilities():
    scores = [0.8, 0.4, 0.0]
    overlay, canvas = _draw(['a', 'b', 'c'], scores)
    room = overlay.box[2] - overlay.box[0] - 2 * LAYOUT.gap

    for score, colour in zip(scores, LABELS, strict=True):
        lengths = (canvas == colour).all(-1).sum(1)
        assert lengths.max() == pytest.approx(max(score * room, 1), abs=12 if score == 0 else 2)


@pytest.mark.parametrize('size', [(32, 32), (1000, 32), (640, 360), (3840, 2160)])
def test_long_labels_and_any_video_fit(size):
    layout = plan_layout(size, 8)
    overlay, _ = _draw(['a very long label that goes on ' * 9] * 3, [1.0, 0.5, 0.0001], 0, layout)
    left, top, right, bottom = overlay.box

    assert 0 <= left < right <= layout.width
    assert 0 <= top < bottom <= layout.strip_top
