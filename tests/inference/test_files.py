"""Odd files: each gives scores or a reason in one line."""

import os

import av
import cv2
import numpy as np
import pytest

from mgdm_mmaction.apis.inputs import list_sources
from mgdm_mmaction.video.frames import FileFrames, open_frames
from mgdm_mmaction.video.opencv_frames import OpenCVFrames
from mgdm_mmaction.video.unreadable import UnreadableVideoError
from tests.inference.clips import cut, encode, quadrants, rotate, write_sound


@pytest.fixture(scope='module')
def plain(tmp_path_factory):
    return encode(tmp_path_factory.mktemp('plain') / 'plain.mp4', count=30)


def _by_pyav(path):
    """Frames as they should be shown, and their times, by a third library."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    turns = [frame.rotation // 90 for frame in frames]  # counter-clockwise
    images = [np.rot90(f.to_ndarray(format='rgb24'), k) for f, k in zip(frames, turns, strict=True)]
    return images, np.array([frame.time for frame in frames]) - frames[0].time


def _reason(inferencer, path):
    (prediction,) = inferencer(path)
    assert not prediction.ok
    assert prediction.labels == prediction.windows == []
    assert len(prediction.error.splitlines()) == 1
    return prediction.error


def _assert_same_clip(frames, path):
    images, times = _by_pyav(path)
    np.testing.assert_allclose(frames.times, times, atol=1e-3)
    indices = sorted({0, 1, len(images) // 2, len(images) - 1} & set(range(len(images))))
    chosen = list(frames.read_each(indices))
    backwards = [frames.read(index) for index in reversed(indices)]
    for index, image, again in zip(indices, chosen, reversed(backwards), strict=True):
        assert image.shape == images[index].shape
        # Decoders turn YUV into RGB with their own rounding.
        distance = [np.abs(image.astype(int) - other).mean() for other in images]
        assert distance[index] < 4
        assert distance[index] < min(distance) + 0.2
        np.testing.assert_array_equal(image, again)


@pytest.mark.parametrize(
    ('name', 'codec'),
    [
        ('a.mp4', 'libx264'),
        ('a.mov', 'libx264'),
        ('a.mkv', 'libx264'),
        ('a.flv', 'libx264'),
        ('a.webm', 'libvpx-vp9'),
        ('a.avi', 'mpeg4'),
        ('a.ts', 'libx264'),
        ('b.ts', 'mpeg2video'),
        ('a.m2ts', 'libx264'),
        ('a.mpg', 'mpeg2video'),
        ('stream.mp4', 'mpegts'),
        ('a.gif', 'gif'),
        ('Öffnen 开门 12:30.mp4', 'libx264'),
    ],
)
def test_formats_and_names(inferencer, tmp_path, monkeypatch, name, codec):
    monkeypatch.chdir(tmp_path)
    if codec == 'mpegts':
        encode(tmp_path / 'a.ts', count=30, fps=25).rename(tmp_path / name)
    else:
        encode(tmp_path / name, count=30, codec=codec, fps=25)
    (source,) = list_sources(name)
    frames = open_frames(source, fps=30)
    _assert_same_clip(frames, tmp_path / name)
    assert frames.duration == pytest.approx(1.2, abs=0.05)
    (prediction,) = inferencer(name, window=0.4)
    assert prediction.error is None
    assert len(prediction.windows) == 3


@pytest.mark.parametrize('degrees', [0, 90, 180, 270])
def test_rotated_clips_are_upright_whoever_decodes(tmp_path, degrees):
    path = rotate(encode(tmp_path / 'phone.mp4', size=(112, 64)), degrees)
    expected = np.rot90(quadrants(0, 112, 64), -degrees // 90)
    for frames in (FileFrames(str(path)), OpenCVFrames(str(path))):
        _assert_same_clip(frames, path)
        assert np.abs(frames.read(0).astype(int) - expected).mean() < 6


def test_a_rotated_clip_is_scored_as_its_upright_frames(inferencer, tmp_path):
    path = rotate(encode(tmp_path / 'phone.mp4', size=(64, 64)), 90)
    upright = np.stack(_by_pyav(path)[0])
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


@pytest.mark.parametrize('name', ['image.png', 'image.jpg', 'image.mp4'])
def test_an_image_counts_as_one_frame(inferencer, tmp_path, name):
    kind = '.jpg' if name.endswith('.mp4') else name[-4:]
    (tmp_path / name).write_bytes(cv2.imencode(kind, quadrants()[..., ::-1])[1].tobytes())
    (prediction,) = inferencer(tmp_path / name)
    assert prediction.ok
    assert inferencer(np.stack([quadrants()]))[0].labels == prediction.labels


def test_sound_alone(inferencer, tmp_path):
    assert _reason(inferencer, write_sound(tmp_path / 'sound.mp4')) == (
        'no video stream in it, as in a file of sound alone'
    )


@pytest.mark.parametrize('content', [b'hello\n' * 50, os.urandom(5000)], ids=['text', 'noise'])
def test_no_video_at_all(inferencer, tmp_path, content):
    (tmp_path / 'text.mp4').write_bytes(content)
    assert _reason(inferencer, tmp_path / 'text.mp4').startswith('not a video, or cut off')


def test_a_codec_that_nothing_here_decodes(inferencer, tmp_path):
    path = encode(tmp_path / 'av1.mp4', codec='libsvtav1', count=4)
    reason = _reason(inferencer, path)
    assert reason.startswith('its video (codec AV01) cannot be decoded')
    assert 'ffmpeg -i INPUT -c:v libx264 OUTPUT.mp4' in reason


def test_an_mp4_without_its_index(inferencer, plain, tmp_path):
    reason = _reason(inferencer, cut(plain, tmp_path / 'cut.mp4'))
    assert reason.startswith('not a video, or cut off')


def test_the_beginning_of_an_mp4_does_not_pass_for_all_of_it(inferencer, tmp_path):
    whole = encode(tmp_path / 'whole.mp4', count=300, movflags='faststart')
    reason = _reason(inferencer, cut(whole, tmp_path / 'cut.mp4'))
    assert reason.startswith('cut off or damaged: it should last 30.0 s, but only')


def test_the_beginning_of_an_avi_does_not_pass_for_all_of_it(inferencer, tmp_path):
    whole = encode(tmp_path / 'whole.avi', codec='mpeg4')
    reason = _reason(inferencer, cut(whole, tmp_path / 'cut.avi'))
    assert reason.startswith('cut off: its header promises')


def test_a_video_that_ends_in_the_middle_of_reading(tmp_path):
    """All frames are in the index, and fail one by one."""
    whole = encode(tmp_path / 'whole.mp4', count=60)
    frames = FileFrames(str(whole))
    assert len(frames.times) == 60
    frames._frames._reader = None  # as decord fails: at reading
    _assert_same_clip(frames, whole)
    assert isinstance(frames._frames, OpenCVFrames)

    frames = FileFrames(str(whole))
    frames._frames._reader = None
    frames._path = str(encode(tmp_path / 'half.mp4', count=30))
    with pytest.raises(UnreadableVideoError, match='30 of its 60 frames can be decoded'):
        frames.read(3)


@pytest.mark.parametrize(('name', 'codec'), [('a.mkv', 'libx264'), ('a.webm', 'libvpx-vp9')])
def test_formats_that_promise_no_length_give_what_is_there(inferencer, tmp_path, name, codec):
    whole = encode(tmp_path / name, codec=codec, count=60)
    (prediction,) = inferencer(cut(whole, tmp_path / f'cut_{name}'))
    assert prediction.ok
    assert prediction.windows[0].end < 6


@pytest.mark.parametrize('size', [(2000, 16), (16, 2000)])
def test_frames_like_a_thread(inferencer, size):
    array = np.zeros((2, *size, 3), dtype=np.uint8)
    assert inferencer(array)[0].error.endswith('pixels are too narrow to recognise anything')


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mkv', '.webm', '.gif', '.ts'])
def test_damage_anywhere_gives_frames_or_a_reason(tmp_path, suffix):
    codec = {'.webm': 'libvpx-vp9', '.gif': 'gif', '.avi': 'mpeg4'}.get(suffix, 'libx264')
    data = encode(tmp_path / f'whole{suffix}', codec=codec).read_bytes()
    rng = np.random.default_rng(0)
    for number in range(8):
        damaged = bytearray(data[: rng.integers(1, len(data))] if number % 2 else data)
        for place in rng.integers(0, len(damaged), 20):
            damaged[place] = rng.integers(256)
        path = tmp_path / f'{number}{suffix}'
        path.write_bytes(damaged)
        reason = ''
        try:
            frames = FileFrames(str(path))
            assert frames.read(len(frames.times) - 1).ndim == 3
        except UnreadableVideoError as error:
            reason = str(error)
        assert len(reason.splitlines()) <= 1
