"""Windows cover a video, and frames fall into them by their time stamps."""

import numpy as np
import pytest

from mgdm_mmaction.apis.windows import check_window, frames_between, window_starts
from mgdm_mmaction.errors import MGDMError


@pytest.mark.parametrize('duration', [0.04, 1.0, 7.3, 10.0, 60.02])
@pytest.mark.parametrize('window', [0.5, 2.0, 10.0])
@pytest.mark.parametrize('stride', [0.25, 1 / 3, 0.5])
def test_windows_of_one_length_cover_the_video(duration, window, stride):
    starts = window_starts(duration, window, stride)
    length = min(window, duration)
    assert starts[0] == 0
    assert starts[-1] + length == pytest.approx(duration, abs=2e-3)
    gaps = np.diff(starts)
    assert (gaps > 1e-3).all()
    assert (gaps <= stride + 1e-9).all()
    # All but the last are where the stride says.
    np.testing.assert_allclose(starts[:-1], np.arange(len(starts) - 1) * stride)


def test_the_last_window_is_not_doubled():
    assert window_starts(10, 2, 2) == [0, 2, 4, 6, 8]
    assert window_starts(0.3, 0.1, 0.1) == pytest.approx([0, 0.1, 0.2])  # 0.1 * 3 > 0.3
    assert window_starts(10, 4, 4) == [0, 4, 6]


def test_more_windows_than_anybody_waits_for():
    with pytest.raises(MGDMError, match='window=1e-09, stride=1e-09: more than a million'):
        window_starts(10, 1e-9, 1e-9)
    assert len(window_starts(10, 2, 1e-4)) > 80_000


def test_frames_are_found_by_a_plain_search():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.choice([0.02, 0.04, 1.5], 40)) - 0.02
    times -= times[0]
    for start in rng.uniform(0, times[-1], 50):
        end = start + rng.uniform(0.05, 3)
        first, stop = frames_between(times, start, end)
        shown = [i for i, t in enumerate(times) if start + 1e-3 < t < end - 1e-3]
        on_screen = max(i for i, t in enumerate(times) if t <= start + 1e-3)
        assert list(range(first, stop)) == [on_screen, *shown]


def test_touching_windows_share_no_frame_that_starts_with_one():
    times = np.arange(40) / 10
    ranges = [frames_between(times, start, start + 1) for start in (0.0, 1.0, 2.0, 3.0)]
    assert ranges == [(0, 10), (10, 20), (20, 30), (30, 40)]


@pytest.mark.parametrize(
    ('window', 'stride', 'text'),
    [
        (0, None, 'window=0: expected a number of seconds above 0'),
        (-1, None, 'window=-1'),
        ('2', None, "window='2'"),
        (True, None, 'window=True'),
        (float('nan'), None, 'window=nan'),
        (2, float('inf'), 'stride=inf'),
        (None, 1, 'needs a window'),
    ],
)
def test_wrong_windows_are_refused(window, stride, text):
    with pytest.raises(MGDMError, match=text):
        check_window(window, stride)


def test_windows_touch_by_default():
    assert check_window(2.5, None) == 2.5
    assert check_window(2.5, 1) == 1
    assert check_window(None, None) is None
