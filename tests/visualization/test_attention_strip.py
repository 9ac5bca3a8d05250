"""The strip: which cell is bright, and where the cursor is."""

import numpy as np
import pytest

from mgdm_mmaction.apis.predictions import WindowPrediction
from mgdm_mmaction.visualization import AttentionStrip, FontStack, attention_levels, plan_layout

FONTS = FontStack([], candidates=[])
LABELS = ['opening', 'closing', 'knocking']


def _strip(attention, num_frames=8, size=(1280, 720)):
    times = (np.arange(num_frames) + 0.5).tolist()
    window = WindowPrediction(0.0, float(num_frames), LABELS, [0.5, 0.3, 0.2], times, attention)
    layout = plan_layout(size, num_frames)
    width, height = AttentionStrip.thumbnail_size(layout, num_frames)
    images = [np.full((height, width, 3), 90, np.uint8)] * num_frames
    return AttentionStrip(window, images, layout, FONTS), layout


def _cells(strip, layout, num_frames):
    """Brightness [rows, T] at the upper edge of each cell, where no number is written."""
    left, width = layout.cells
    top = 2 * layout.gap + layout.thumbnail
    rows = [top + i * layout.row + 2 for i in range(3)]
    columns = [round(left + (t + 0.5) * width / num_frames) for t in range(num_frames)]
    return strip.image[np.ix_(rows, columns)].astype(int).sum(-1)


@pytest.mark.parametrize('num_frames', [2, 8, 32])
@pytest.mark.parametrize('size', [(64, 64), (1280, 720), (720, 1280)])
def test_the_brightest_cell_of_each_row_is_the_frame_that_was_looked_at_most(num_frames, size):
    attention = np.random.default_rng(0).dirichlet(np.full(num_frames, 0.5), 3)
    strip, layout = _strip(attention.astype(np.float32), num_frames, size)

    assert (_cells(strip, layout, num_frames).argmax(1) == attention.argmax(1)).all()


def test_more_attention_is_brighter_within_and_between_rows():
    attention = np.random.default_rng(1).dirichlet(np.ones(8), 3).astype(np.float32)
    strip, layout = _strip(attention)
    cells = _cells(strip, layout, 8).ravel()

    order = attention.ravel().argsort()
    assert (np.diff(cells[order]) >= 0).all()
    assert cells[order[-1]] > cells[order[0]] + 300


def test_a_label_that_looked_at_all_frames_alike_is_dim():
    levels = attention_levels(np.full((3, 8), 1 / 8))

    assert levels == pytest.approx(np.full((3, 8), 1 / 3))
    assert attention_levels(np.eye(3, 8)).max() == 1
    # With one or two frames there is nothing to choose from, and no level above 1.
    assert attention_levels(np.ones((3, 1))).max() == 1


def test_the_cursor_is_in_the_cell_of_a_frame_at_its_time():
    strip, layout = _strip(np.full((3, 8), 1 / 8, np.float32))
    left, width = layout.cells

    places = []
    for time in (0.0, 0.5, 3.5, 7.5, 8.0, 99.0):
        canvas = np.zeros((layout.height, layout.width, 3), np.uint8)
        strip.draw(canvas, time)
        line = canvas[layout.strip_top + len(strip.image) - 2]
        places.append(np.flatnonzero((line == 255).all(-1)).mean())
        assert (canvas[: layout.strip_top] == 0).all()

    expected = [left + width * share for share in (0, 1 / 16, 7 / 16, 15 / 16, 1, 1)]
    assert places == pytest.approx(expected, abs=2)


def test_every_frame_is_shown_where_there_is_room_and_every_nth_otherwise():
    for num_frames in (8, 64):
        layout = plan_layout((640, 360), num_frames)
        width, height = AttentionStrip.thumbnail_size(layout, num_frames)
        assert width >= 20
        times = (np.arange(num_frames) + 0.5).tolist()
        attention = np.full((1, num_frames), 1 / num_frames, np.float32)
        window = WindowPrediction(0, num_frames, ['a'], [1.0], times, attention)
        images = [np.full((height, width, 3), 100 + t, np.uint8) for t in range(num_frames)]
        strip = AttentionStrip(window, images, layout, FONTS)
        line = strip.image[layout.gap + layout.thumbnail // 2, layout.cells[0] :, 0].astype(int)
        shown = np.unique(line[(line >= 100) & (line < 100 + num_frames)]) - 100
        if num_frames == 8:
            assert shown.tolist() == list(range(8))
        else:
            assert 8 <= len(shown) < 64
            assert np.ptp(np.diff(shown)) <= 1
