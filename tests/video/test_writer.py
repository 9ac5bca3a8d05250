"""Videos as they are written."""

import av
import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.video import VideoWriter

TIMES = [0, 0.04, 0.1, 0.5, 0.52, 1.0]


def _write(path, times=TIMES):
    with VideoWriter(path, 64, 48) as writer:
        for i, time in enumerate(times):
            writer.write(np.full((48, 64, 3), 40 * i, np.uint8), time)
    return path


def test_the_file_is_what_browsers_play(tmp_path):
    path = _write(tmp_path / 'a.mp4')

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == 'h264'
        assert stream.codec_context.pix_fmt == 'yuv420p'
        assert (stream.width, stream.height) == (64, 48)
    # The index comes before the pictures, so that playing starts before all has arrived.
    data = path.read_bytes()
    assert data.index(b'moov') < data.index(b'mdat')
    assert list(tmp_path.iterdir()) == [path]


def test_frames_have_their_times_and_the_last_one_lasts(tmp_path):
    path = _write(tmp_path / 'a.mp4')

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        assert [f.time for f in frames] == pytest.approx(TIMES, abs=1e-4)
        grey = [f.to_ndarray(format='rgb24').mean() for f in frames]
        assert grey == pytest.approx([40 * i for i in range(6)], abs=4)
        # 0.48 s, as the frame before it.
        assert container.duration / 1e6 == pytest.approx(1.48, abs=0.01)


def test_frames_at_one_time_stay_in_order(tmp_path):
    path = _write(tmp_path / 'a.mp4', [0, 0.1, 0.1, 0.05, 0.2])

    with av.open(str(path)) as container:
        times = [f.time for f in container.decode(video=0)]
    assert len(times) == 5
    assert times == sorted(set(times))


def test_nothing_is_left_where_drawing_failed(tmp_path):
    before = tmp_path / 'a.mp4'
    before.write_bytes(b'what was there')

    writer = VideoWriter(before, 64, 48)
    writer.write(np.zeros((48, 64, 3), np.uint8), 0)
    with pytest.raises(ValueError, match='shape'), writer:
        writer.write(np.zeros((1, 1, 3), np.uint8), 1)

    assert before.read_bytes() == b'what was there'
    assert list(tmp_path.iterdir()) == [before]


def test_an_empty_video_is_not_written(tmp_path):
    with pytest.raises(MGDMError, match='no frame'), VideoWriter(tmp_path / 'a.mp4', 64, 48):
        pass
    assert not list(tmp_path.iterdir())


def test_mistakes(tmp_path):
    with pytest.raises(MGDMError, match='there is no folder'):
        VideoWriter(tmp_path / 'none' / 'a.mp4', 64, 48)
    with pytest.raises(ValueError, match='even'):
        VideoWriter(tmp_path / 'a.mp4', 63, 48)
    with VideoWriter(tmp_path / 'a.mp4', 64, 48) as writer:
        with pytest.raises(ValueError, match='shape'):
            writer.write(np.zeros((64, 48, 3), np.uint8), 0)
        writer.write(np.zeros((48, 64, 3), np.uint8), 0)
