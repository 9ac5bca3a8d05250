"""Sizes for any video."""

import pytest

from mgdm_mmaction.visualization import plan_layout

SIZES = [(32, 32), (64, 64), (340, 256), (1920, 1080), (3840, 2160), (2160, 3840), (131.5, 97)]
SIZES += [(1000, 32), (32, 1000), (1, 1)]


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('num_frames', [1, 8, 64])
def test_every_video_gets_a_canvas_that_can_be_encoded_and_read(size, num_frames):
    layout = plan_layout(size, num_frames)
    left, top, width, height = layout.video

    assert layout.width % 2 == layout.height % 2 == 0
    assert 640 <= layout.width <= 1920
    assert max(width, height) <= 1920
    assert left >= 0
    assert left + width <= layout.width
    assert top + height <= layout.strip_top
    assert 13 <= layout.text <= 50
    # The strip is whole: thumbnails, three rows, the clock.
    strip = layout.height - layout.strip_top
    assert strip >= layout.thumbnail + 3 * layout.row + layout.clock
    assert sum(layout.cells) <= layout.width


@pytest.mark.parametrize('size', SIZES[:7])
def test_pictures_keep_their_shape(size):
    _, _, width, height = plan_layout(size, 8).video

    assert width / height == pytest.approx(size[0] / size[1], rel=0.01)


def test_small_videos_are_enlarged_and_large_ones_shrunk_but_usual_ones_stay():
    assert plan_layout((64, 64), 8).video[2:] == (640, 640)
    assert plan_layout((3840, 2160), 8).video[2:] == (1920, 1080)
    assert plan_layout((1280, 720), 8).video[2:] == (1280, 720)


def test_without_rows_there_is_no_strip():
    layout = plan_layout((1280, 720), 8, rows=0)

    assert layout.height - layout.strip_top <= layout.clock + 2
