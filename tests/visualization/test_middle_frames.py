"""Middle frames of real videos and of folders of images."""

import base64
import io

import numpy as np
from PIL import Image

from mgdm_mmaction.visualization.middle_frames import middle_frame, thumbnails
from tests.datasets.videos import frames_of, write_frames, write_video


def difference(frame, expected):
    """Mean distance of an RGB image from one that OpenCV wrote."""
    return np.abs(np.asarray(frame).astype(float) - expected[..., ::-1]).mean()


def test_the_frame_in_the_middle(tmp_path):
    path, frames = write_video(tmp_path / 'a.mp4', 3, count=13, size=64), frames_of(3, 13, 64)
    found = [difference(middle_frame(path), frame) for frame in frames]
    assert np.argmin(found) == 6
    assert found[6] < 8


def test_raw_frames(tmp_path):
    folder, frames = write_frames(tmp_path / 'f', 3, count=9), frames_of(3, 9)
    (folder / 'notes.txt').write_text('no image')
    assert difference(middle_frame(folder), frames[4]) < 8
    assert difference(middle_frame(tmp_path / 'f@1+3'), frames[2]) < 8


def test_images_are_small(tmp_path):
    [(uri, _)] = thumbnails([write_video(tmp_path / 'a.mp4', 0, size=320)])
    head, code = uri.split(',')
    assert head == 'data:image/jpeg;base64'
    assert Image.open(io.BytesIO(base64.b64decode(code))).size == (90, 90)
    assert len(uri) < 8000


def test_unreadable_videos_have_a_reason(tmp_path):
    write_video(tmp_path / 'good.mp4', 0)
    (tmp_path / 'broken.mp4').write_bytes(b'nothing of a video')
    (tmp_path / 'empty').mkdir()
    names = ['good.mp4', 'broken.mp4', 'absent.mp4', 'empty', 'empty@0+4']
    good, *bad = thumbnails([tmp_path / name for name in names])
    assert good.uri
    assert good.problem == ''
    assert [item.uri for item in bad] == [None] * 4
    assert bad[0].problem
    assert '\n' not in bad[0].problem
    wanted = ['no such file', 'no images in the folder', 'no images in the folder']
    assert [item.problem for item in bad[1:]] == wanted
