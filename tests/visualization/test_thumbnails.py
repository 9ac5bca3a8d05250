"""The frames that the model saw, found again by their times."""

import numpy as np
import pytest

from mgdm_mmaction.apis.predictions import WindowPrediction
from mgdm_mmaction.visualization import ThumbnailReader
from tests.visualization.pictures import encode


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Frame i of 20 is grey with the value 10 i + 20; ten a second."""
    frames = [np.full((32, 48, 3), 10 * i + 20, np.uint8) for i in range(20)]
    path = tmp_path_factory.mktemp('videos') / 'grey.mp4'
    return encode(path, frames, [i / 10 for i in range(20)])


def _windows(*times):
    return [WindowPrediction(t[0], t[-1], ['a'], [1.0], list(t)) for t in times]


def _seen(images):
    return [round((float(image.mean()) - 20) / 10) for image in images]


def test_each_window_gets_the_frames_nearest_to_its_times(video):
    # Overlapping, one frame twice, times between frames and beyond the end.
    windows = _windows([0.0, 0.1, 0.34], [0.3, 0.3, 0.96], [0.94, 1.9, 5.0])

    with ThumbnailReader(str(video), windows, 12, 8) as reader:
        found = [reader.read(i) for i in range(3)]

    assert [_seen(images) for images in found] == [[0, 1, 3], [3, 3, 10], [9, 19, 19]]
    assert all(image.shape == (8, 12, 3) for images in found for image in images)


def test_it_reads_no_further_than_the_window_that_is_asked_for(video):
    windows = _windows(*([i / 10, i / 10 + 0.1] for i in range(18)))

    with ThumbnailReader(str(video), windows, 12, 8) as reader:
        held = []
        for i in range(18):
            assert _seen(reader.read(i)) == [i, i + 1]
            held.append(sum(map(len, reader._found.values())))

    # However many windows there are, only those that overlap are held.
    assert max(held) <= 6


def test_windows_may_be_left_out(video):
    windows = _windows([0.0, 0.1], [0.5, 0.6], [1.0, 1.1])

    with ThumbnailReader(str(video), windows, 12, 8) as reader:
        assert _seen(reader.read(2)) == [10, 11]


def test_the_file_may_be_shorter_than_promised(video):
    with ThumbnailReader(str(video), _windows([10.0, 20.0]), 12, 8) as reader:
        assert _seen(reader.read(0)) == [19, 19]
