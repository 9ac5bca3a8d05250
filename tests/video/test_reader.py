"""The reader against FFmpeg's own frames, for files of all kinds and with all kinds of damage."""

import random

import av
import cv2
import numpy as np
import pytest

from mgdm_mmaction.video import Source, UnreadableVideoError, open_video
from tests.video.clips import cut, encode, grey, quadrants, rotate, write_sound


def by_ffmpeg(path):
    """Frames as they should be shown, and their times: PyAV, all in a row."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    turns = [frame.rotation // 90 for frame in frames]  # counter-clockwise
    images = [np.rot90(f.to_ndarray(format='rgb24'), k) for f, k in zip(frames, turns, strict=True)]
    return images, np.array([frame.time for frame in frames]) - frames[0].time


def assert_same_video(video, path):
    images, times = by_ffmpeg(path)
    # In avi files FFmpeg has the times of frames in the order of decoding.
    np.testing.assert_allclose(video.times, np.sort(times), atol=1e-6)
    for index, image in enumerate(video.read_each(range(len(images)))):
        np.testing.assert_array_equal(image, images[index])
    # Forward over key frames, back, and the same again.
    order = np.random.default_rng(0).permutation(len(images))[:20].tolist()
    order += [len(images) - 1, 0, 0]
    for index, image in zip(order, video.read_each(order), strict=True):
        np.testing.assert_array_equal(image, images[index])


KINDS = {
    'a.mp4': {},
    'a.mov': {},
    'a.mkv': {},
    'a.flv': {},
    'a.webm': dict(codec='libvpx-vp9'),
    'vp8.webm': dict(codec='libvpx'),
    'a.avi': dict(codec='mpeg4'),
    'h264.avi': dict(codec='libx264'),
    'a.wmv': dict(codec='wmv2'),
    'a.ts': {},
    'mpeg2.ts': dict(codec='mpeg2video'),
    'a.m2ts': {},
    'a.mpg': dict(codec='mpeg2video'),
    'a.gif': dict(codec='gif'),
    '10bit.mp4': dict(pixels='yuv420p10le'),
    'hevc.mp4': dict(codec='libx265', codec_options={'x265-params': 'log-level=none:keyint=12'}),
    'open_gop.mp4': dict(codec_options={'x264-params': 'open-gop=1:keyint=12'}),
    'Öffnen 开门 12:30.mp4': {},
    'frame_%d.mp4': {},
}


@pytest.mark.parametrize('name', KINDS)
def test_frames_and_times_are_those_of_ffmpeg(tmp_path, name):
    options = dict(codec_options={'g': '12'}) | KINDS[name]
    path = encode(tmp_path / name, count=35, fps=25, picture=grey, **options)
    with open_video(path) as video:
        assert_same_video(video, path)
        assert video.duration == pytest.approx(1.4, abs=0.01)
        # No frame is missing or twice, whatever FFmpeg makes of the file.
        brightness = [image.mean() for image in video.read_each(range(35))]
        np.testing.assert_allclose(brightness, [20 + 6 * i for i in range(35)], atol=2.9)


@pytest.mark.parametrize('name', ['long.mp4', 'long.mkv', 'long.ts', 'long.avi'])
def test_going_back_and_far_ahead_decodes_no_more_than_it_must(tmp_path, monkeypatch, name):
    codec = 'mpeg4' if name.endswith('avi') else 'libx264'
    path = encode(tmp_path / name, count=400, fps=25, codec=codec, codec_options={'g': '20'})
    video = open_video(path)
    decoded = []
    decode = video._decode
    monkeypatch.setattr(video, '_decode', lambda: (decoded.append(1) or f for f in decode()))
    images = by_ffmpeg(path)[0]
    for index in (390, 200, 205):
        decoded.clear()
        (image,) = video.read_each([index])
        np.testing.assert_array_equal(image, images[index])
        assert len(decoded) < 120


def test_a_stream_that_was_renamed(tmp_path):
    encode(tmp_path / 'a.ts', count=30, fps=25).rename(tmp_path / 'a.mp4')
    assert_same_video(open_video(tmp_path / 'a.mp4'), tmp_path / 'a.mp4')


@pytest.mark.parametrize('degrees', [0, 90, 180, 270])
def test_a_clip_of_a_phone_is_upright(tmp_path, degrees):
    path = rotate(encode(tmp_path / 'phone.mp4', size=(112, 64)), degrees)
    expected = np.rot90(quadrants(0, 112, 64), -degrees // 90)
    video = open_video(path)
    assert_same_video(video, path)
    assert video.size == expected.shape[1::-1]
    (image,) = video.read_each([0])
    assert np.abs(image.astype(int) - expected).mean() < 6
    (small,) = video.read_each([0], (expected.shape[1] // 2, expected.shape[0] // 2))
    assert np.abs(small.astype(int) - expected[::2, ::2]).mean() < 9


def test_a_clip_is_turned_as_decord_turns_it_for_training(tmp_path):
    import decord

    # Not smaller: decord 0.6.0 finds four channels in turned frames below 64 pixels.
    path = rotate(encode(tmp_path / 'phone.mp4', size=(128, 96)), 90)
    (image,) = open_video(path).read_each([3])
    assert np.abs(image.astype(int) - decord.VideoReader(str(path))[3].asnumpy()).mean() < 1


@pytest.mark.parametrize('name', ['vfr.mp4', 'vfr.mkv', 'vfr.gif'])
def test_a_variable_rate(tmp_path, name):
    times = [0, 40, 100, 500, 520, 2000]
    codec = 'gif' if name.endswith('gif') else 'libx264'
    path = encode(tmp_path / name, times=times, codec=codec, picture=grey)
    video = open_video(path)
    assert video.times == pytest.approx(np.array(times) / 1000, abs=1e-3)
    assert 2.0 < video.duration < 2.5
    assert [i.mean() for i in video.read_each(range(6))] == pytest.approx(
        [20 + 6 * i for i in range(6)], abs=5
    )


def test_times_count_from_the_first_frame(tmp_path):
    path = encode(tmp_path / 'late.mkv', times=[5000, 5100, 5200, 5400])
    assert open_video(path).times == pytest.approx([0, 0.1, 0.2, 0.4])


def test_pixels_that_are_not_square_widen_the_picture_that_is_meant(tmp_path):
    video = open_video(encode(tmp_path / 'wide.mp4', size=(50, 40), count=1, shape=2))
    assert video.size == (100, 40)
    assert next(video.read_each([0])).shape == (40, 50, 3)


def test_sizes_that_change_become_the_first_one(tmp_path):
    for name, size in (('a.ts', (96, 64)), ('b.ts', (64, 96))):
        encode(tmp_path / name, count=5, size=size)
    both = tmp_path / 'both.ts'
    both.write_bytes(b''.join((tmp_path / name).read_bytes() for name in ('a.ts', 'b.ts')))
    video = open_video(both)
    assert len(video.times) == 10
    assert (np.diff(video.times) > 0).all()
    assert {image.shape for image in video.read_each(range(10))} == {(64, 96, 3)}


@pytest.mark.parametrize('name', ['image.png', 'image.jpg', 'image.mp4', 'frame_%d.png'])
def test_an_image_is_a_video_of_one_frame(tmp_path, name):
    kind = '.jpg' if name.endswith('.mp4') else name[-4:]
    (tmp_path / name).write_bytes(cv2.imencode(kind, quadrants()[..., ::-1])[1].tobytes())
    video = open_video(tmp_path / name)
    assert video.times.tolist() == [0]
    assert video.duration > 0
    assert np.abs(next(video.read_each([0])).astype(int) - quadrants()).mean() < 9


def test_a_title_in_an_old_encoding_is_no_obstacle(tmp_path):
    path = encode(tmp_path / 'a.mp4', count=3)
    # Who wrote the file is noted in it as text, which is to be UTF-8.
    content = path.read_bytes()
    assert content.count(b'Lavf') == 1
    path.write_bytes(content.replace(b'Lavf', b'L\xe4vf'))
    assert len(list(open_video(path).read_each(range(3)))) == 3


def test_arrays():
    array = np.stack([quadrants(i) for i in range(5)])
    video = open_video(Source('array 0', array=array), fps=10)
    assert video.times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert (video.duration, video.size) == (0.5, (96, 64))
    np.testing.assert_array_equal(list(video.read_each([1, 4])), array[[1, 4]])
    assert next(video.read_each([0], (48, 32))).shape == (32, 48, 3)


def _reason(path):
    with pytest.raises(UnreadableVideoError) as caught:
        open_video(path)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_what_is_no_video(tmp_path):
    sound = write_sound(tmp_path / 'sound.mp4')
    assert _reason(sound) == 'no video stream in it, as in a file of sound alone'
    for content in (b'hello\n' * 50, random.Random(0).randbytes(5000)):
        (tmp_path / 'text.mp4').write_bytes(content)
        assert _reason(tmp_path / 'text.mp4').startswith('not a video, or cut off')
    assert _reason(tmp_path / 'none.mp4') == 'No such file or directory'
    assert _reason(Source('x', fault='a playlist')) == 'a playlist'


def test_a_codec_that_nothing_here_decodes(tmp_path):
    path = encode(tmp_path / 'odd.mp4')
    path.write_bytes(path.read_bytes().replace(b'avc1', b'odd1').replace(b'avcC', b'oddC'))
    reason = _reason(path)
    assert 'codec is not known here' in reason
    assert 'ffmpeg -i INPUT -c:v libx264 OUTPUT.mp4' in reason


@pytest.mark.parametrize('name', ['a.mkv', 'a.webm', 'a.avi', 'a.ts', 'a.flv', 'faststart.mp4'])
def test_of_a_file_that_is_cut_off_there_is_what_was_left(tmp_path, name):
    codec = {'a.webm': 'libvpx-vp9', 'a.avi': 'mpeg4'}.get(name, 'libx264')
    options = dict(movflags='faststart') if name.endswith('mp4') else {}
    whole = encode(tmp_path / name, codec=codec, count=200, **options)
    path = cut(whole, tmp_path / f'cut_{name}')
    video = open_video(path)
    count = len(video.times)
    assert 40 < count < 180
    images, times = by_ffmpeg(whole)
    np.testing.assert_allclose(video.times[:-2], times[: count - 2], atol=1e-6)
    for index, image in enumerate(video.read_each(range(count - 2))):  # the last is damaged
        np.testing.assert_array_equal(image, images[index])


def test_an_mp4_whose_index_is_cut_off(tmp_path):
    whole = encode(tmp_path / 'whole.mp4', count=30)
    assert _reason(cut(whole, tmp_path / 'cut.mp4')).startswith('not a video, or cut off')


def test_a_tail_of_zeros_is_left_out(tmp_path):
    """As a download leaves it that was given its length beforehand."""
    path = encode(tmp_path / 'a.mp4', count=200, movflags='faststart', codec_options={'g': '20'})
    data = path.read_bytes()
    keep = int(0.6 * len(data))
    path.write_bytes(data[:keep] + bytes(len(data) - keep))
    video = open_video(path)
    assert 40 < len(video.times) < 180
    assert len(list(video.read_each(range(len(video.times))))) == len(video.times)


def test_frames_lost_in_the_middle_are_stood_in_for(tmp_path):
    path = encode(tmp_path / 'a.mp4', count=35, picture=grey, codec_options={'g': '5', 'bf': '0'})
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    data = bytearray(path.read_bytes())
    for pos, size in packets[10:13]:
        data[pos : pos + size] = bytes(size)
    path.write_bytes(data)
    video = open_video(path)
    assert len(video.times) == 35
    brightness = [(next(video.read_each([i])).mean() - 20) / 6 for i in (9, 20, 11)]
    assert brightness == pytest.approx([9, 20, 13], abs=2.5)


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
            video = open_video(path)
            count = len(video.times)
            assert (np.diff(video.times) > 0).all()
            assert all(i.ndim == 3 for i in video.read_each([count - 1, 0, *range(count)]))
        except UnreadableVideoError as error:
            reason = str(error)
        assert len(reason.splitlines()) <= 1
