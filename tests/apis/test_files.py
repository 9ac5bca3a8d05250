"""Odd files through the inferencer: each gives scores or a reason in one line."""

import av
import numpy as np
import pytest

from tests.video.clips import cut, encode, quadrants, rotate, write_sound


def _reason(inferencer, path):
    (prediction,) = inferencer(path)
    assert not prediction.ok
    assert prediction.labels == prediction.windows == []
    assert len(prediction.error.splitlines()) == 1
    return prediction.error


@pytest.mark.parametrize('name', ['a.mp4', 'a.ts', 'Öffnen 开门 12:30.mp4'])
def test_formats_and_names(inferencer, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    encode(tmp_path / name, count=30, fps=25)
    (prediction,) = inferencer(name, window=0.4)
    assert prediction.error is None
    assert len(prediction.windows) == 3


def test_a_rotated_clip_is_scored_as_its_upright_frames(inferencer, tmp_path):
    path = rotate(encode(tmp_path / 'phone.mp4', size=(64, 64)), 90)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    upright = np.rot90(frames, -1, axes=(1, 2)).copy()
    turned = inferencer(path)[0]
    expected, lying = inferencer([upright, np.rot90(upright, axes=(1, 2)).copy()])
    assert turned.scores == pytest.approx(expected.scores, abs=0.02)
    assert np.abs(np.subtract(turned.scores, lying.scores)).max() > 0.02 or (
        turned.labels != lying.labels
    )


@pytest.mark.parametrize('name', ['vfr.mp4', 'vfr.mkv'])
def test_windows_of_a_variable_rate_follow_the_time_stamps(inferencer, tmp_path, name):
    times = [0, 100, 200, 300, 400, 500, 1500, 2500, 3500, 4500, 4533, 4566, 4600]
    path = encode(tmp_path / name, times=times)
    (prediction,) = inferencer(path, window=1)
    windows = prediction.windows
    assert [window.start for window in windows][:4] == pytest.approx([0, 1, 2, 3])
    assert 4.6 < windows[-1].end < 4.8
    # The frame of 0.5 s is on the screen until 1.5 s: it belongs to the second window, too.
    seen = [sorted({round(time, 2) for time in window.frame_times}) for window in windows[:4]]
    assert seen == [[0.0, 0.1, 0.2, 0.4], [0.5, 1.5], [1.5, 2.5], [2.5, 3.5]]


def test_a_single_frame(inferencer, tmp_path):
    path = encode(tmp_path / 'one.mp4', count=1)
    still, moving = inferencer([path, np.stack([quadrants(i) for i in (0, 0)])])
    assert still.scores == pytest.approx(moving.scores, abs=0.02)
    assert still.windows[0].frame_times == [0, 0, 0, 0]


def test_what_cannot_be_read(inferencer, tmp_path):
    assert 'a file of sound alone' in _reason(inferencer, write_sound(tmp_path / 'sound.mp4'))
    (tmp_path / 'text.mp4').write_bytes(b'hello\n' * 50)
    assert _reason(inferencer, tmp_path / 'text.mp4').startswith('not a video, or cut off')


def test_of_a_file_that_is_cut_off_there_is_what_was_left(inferencer, tmp_path):
    whole = encode(tmp_path / 'whole.mp4', count=60, movflags='faststart')
    (prediction,) = inferencer(cut(whole, tmp_path / 'cut.mp4'))
    assert prediction.ok
    assert prediction.windows[0].end < 6


@pytest.mark.parametrize('size', [(2000, 16), (16, 2000)])
def test_frames_like_a_thread(inferencer, size):
    array = np.zeros((2, *size, 3), dtype=np.uint8)
    assert inferencer(array)[0].error.endswith('pixels are too narrow to recognise anything')
