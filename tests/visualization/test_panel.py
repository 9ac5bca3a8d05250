"""The panel: sizes for any video, which cell is bright, where the cursor is."""

import numpy as np
import pytest

from mgdm_mmaction.apis.predictions import WindowPrediction
from mgdm_mmaction.visualization.panel import COLOURS, Panel, attention_levels, plan_layout

SIZES = [(80, 80), (340, 256), (1920, 1080), (3840, 2160), (2160, 3840), (131.5, 97)]
LABELS = ['opening', 'closing', 'knocking']


@pytest.mark.parametrize('size', [*SIZES, (1000, 32), (32, 1000), (1, 1)])
@pytest.mark.parametrize('num_frames', [0, 1, 8, 64])
def test_every_video_gets_a_canvas_that_can_be_encoded_and_read(size, num_frames):
    layout = plan_layout(size, num_frames)
    left, top, width, height = layout.video

    assert layout.width % 2 == layout.height % 2 == 0
    assert 640 <= layout.width <= 1920
    assert max(width, height) <= 1920
    assert left >= 0
    assert left + width <= layout.width
    assert top + height <= layout.top
    assert 15 <= layout.text <= 50
    assert layout.rows[-1] + layout.cells + 3 * layout.text < layout.height - layout.top
    assert layout.slots * layout.thumbnail[0] <= layout.width
    if size in SIZES:
        assert width / height == pytest.approx(size[0] / size[1], rel=0.01)


def test_small_videos_are_enlarged_and_large_ones_shrunk_but_usual_ones_stay():
    assert plan_layout((64, 64), 8).video[2:] == (640, 640)
    assert plan_layout((3840, 2160), 8).video[2:] == (1920, 1080)
    assert plan_layout((1280, 720), 8).video[2:] == (1280, 720)


def _panel(attention, size=(1280, 720), labels=LABELS, scores=(0.5, 0.3, 0.2), items=None):
    num_frames = attention.shape[1]
    times = (np.arange(num_frames) + 0.5).tolist()
    window = WindowPrediction(
        0.0, float(num_frames), labels, list(scores), times, attention, items or {}
    )
    layout = plan_layout(size, num_frames)
    images = [np.full((*layout.thumbnail[::-1], 3), 90 + t, np.uint8) for t in range(num_frames)]
    canvas = np.zeros((layout.height, layout.width, 3), np.uint8)
    Panel(layout, [window], 0, images).draw(canvas, -1)
    assert not canvas[: layout.top].any()
    return canvas[layout.top :], layout


def _cells(panel, layout, num_frames):
    """Brightness [rows, T] at the upper edge of each cell, where no number is written."""
    edges = layout.edges(num_frames)
    columns = ((edges[:-1] + edges[1:]) / 2).astype(int)
    rows = [row + round(1.6 * layout.text) + 1 for row in layout.rows]
    return panel[np.ix_(rows, columns)].astype(int).sum(-1)


@pytest.mark.parametrize('num_frames', [2, 8, 32])
@pytest.mark.parametrize('size', [(64, 64), (1280, 720), (720, 1280)])
def test_the_brightest_cell_of_each_row_is_the_frame_that_was_looked_at_most(num_frames, size):
    attention = np.random.default_rng(0).dirichlet(np.full(num_frames, 0.5), 3)
    panel, layout = _panel(attention.astype(np.float32), size)
    assert (_cells(panel, layout, num_frames).argmax(1) == attention.argmax(1)).all()


def test_more_attention_is_brighter_within_and_between_rows():
    attention = np.random.default_rng(1).dirichlet(np.ones(8), 3).astype(np.float32)
    cells = _cells(*_panel(attention), 8).ravel()
    order = attention.ravel().argsort()
    assert (np.diff(cells[order]) >= 0).all()
    assert cells[order[-1]] > cells[order[0]] + 300


def test_a_label_that_looked_at_all_frames_alike_is_dim():
    assert attention_levels(np.full((3, 8), 1 / 8)) == pytest.approx(np.full((3, 8), 1 / 3))
    assert attention_levels(np.eye(3, 8)).max() == 1
    # With one or two frames there is nothing to choose from, and no level above 1.
    assert attention_levels(np.ones((3, 1))).max() == 1


def test_the_cursor_is_over_the_cell_of_a_frame_at_its_time():
    attention = np.full((3, 8), 1 / 8, np.float32)
    times = (np.arange(8) + 0.5).tolist()
    window = WindowPrediction(0.0, 8.0, LABELS, [0.5, 0.3, 0.2], times, attention)
    layout = plan_layout((1280, 720), 8)
    panel = Panel(layout, [window], 0, [np.zeros((*layout.thumbnail[::-1], 3), np.uint8)] * 8)
    left, right = layout.edges(8)[[0, -1]]
    places = []
    for time in (0.0, 0.5, 3.5, 7.5, 8.0, 99.0):
        canvas = np.zeros((layout.height, layout.width, 3), np.uint8)
        panel.draw(canvas, time)
        line = canvas[layout.top + layout.rows[0] + round(1.6 * layout.text) + 1]
        places.append(np.flatnonzero((line == 255).all(-1)).mean())
    expected = [left + (right - left) * share for share in (0, 1 / 16, 7 / 16, 15 / 16, 1, 1)]
    assert places == pytest.approx(expected, abs=2)


def test_every_frame_is_shown_where_there_is_room_and_every_nth_otherwise():
    for num_frames in (8, 64):
        panel, layout = _panel(np.full((3, num_frames), 1 / num_frames, np.float32), (640, 360))
        assert layout.thumbnail[0] >= 20
        line = panel[layout.gap + layout.thumbnail[1] // 2, :, 0].astype(int)
        shown = np.unique(line[(line >= 90) & (line < 90 + num_frames)]) - 90
        if num_frames == 8:
            assert shown.tolist() == list(range(8))
        else:
            assert 8 <= len(shown) < 64
            assert np.ptp(np.diff(shown)) <= 1


def test_bars_are_as_long_as_the_probabilities():
    scores = [0.8, 0.4, 0.0]
    panel, layout = _panel(np.full((3, 8), 1 / 8, np.float32), scores=scores)
    bar = min(8 * layout.text, layout.width // 6)
    right = panel[:, layout.width // 2 : layout.width - layout.gap - round(4.7 * layout.text)]
    for score, colour in zip(scores, COLOURS, strict=True):
        lengths = (np.abs(right.astype(int) - colour) < 30).all(-1).sum(1)
        assert lengths.max() == pytest.approx(score * bar, abs=2)


def _line(panel, layout, row):
    """The letters of a label's line, left of its bar."""
    top = layout.rows[row]
    bar = min(8 * layout.text, layout.width // 6)
    end = layout.width - layout.gap - round(4.7 * layout.text) - bar
    return panel[top : top + round(1.6 * layout.text), :end].max(-1) > 100


def test_items_are_named_beside_their_label():
    attention = np.full((3, 8), 1 / 8, np.float32)
    plain, layout = _panel(attention)
    panel, _ = _panel(attention, items={'opening': [('left hand turn handle', 0.7)]})
    assert (_line(panel, layout, 0) != _line(plain, layout, 0)).any()
    assert (_line(panel, layout, 1) == _line(plain, layout, 1)).all()


@pytest.mark.parametrize('size', [(32, 32), (1000, 32), (640, 360), (3840, 2160)])
def test_long_labels_fit_in_front_of_their_bar(size):
    label = 'a very long label that goes on and on to the end ' * 9
    panel, layout = _panel(np.full((3, 8), 1 / 8, np.float32), size, [label] * 3)
    columns = np.flatnonzero(_line(panel, layout, 0).any(0))
    room = _line(panel, layout, 0).shape[1]
    assert 0.8 * room < columns[-1] < room - 1
