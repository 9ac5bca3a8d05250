"""Times, rotation and pixels of videos as they are read."""

import av
import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.video.reader import VideoReader
from tests.visualization.pictures import encode, moving_square, turn, write_square

TIMES = [0, 0.04, 0.1, 0.5, 0.52, 2.0]


def _read(path, width, height):
    with VideoReader(path) as reader:
        return reader.size, list(reader.frames(width, height))


def test_frames_keep_their_times_and_pixels(tmp_path):
    frames = [np.full((32, 48, 3), 20 * i + 40, np.uint8) for i in range(6)]
    path = encode(tmp_path / 'vfr.mp4', frames, TIMES)

    size, found = _read(path, 48, 32)

    assert size == (48, 32)
    assert [f.time for f in found] == pytest.approx(TIMES, abs=1e-3)
    for frame, expected in zip(found, frames, strict=True):
        assert np.abs(frame.image.astype(int) - expected).max() <= 3


def test_times_count_from_the_first_frame(tmp_path):
    frames = [moving_square(i, 4, 32, 32) for i in range(4)]
    path = encode(tmp_path / 'late.mkv', frames, [5.0, 5.1, 5.2, 5.4])

    assert [f.time for f in _read(path, 32, 32)[1]] == pytest.approx([0, 0.1, 0.2, 0.4], abs=1e-3)


def test_a_clip_of_a_phone_is_turned_as_decord_turns_it_for_the_model(tmp_path):
    import decord

    # Not smaller: decord 0.6.0 finds four channels in turned frames below 64 pixels.
    flat = write_square(tmp_path / 'flat.mp4', count=3, height=96, width=128)
    path = turn(flat, tmp_path / 'turned.mp4')

    size, found = _read(path, 96, 128)

    assert size == (96, 128)
    expected = decord.VideoReader(str(path))[0].asnumpy()
    assert np.abs(found[0].image.astype(int) - expected).mean() < 3
    # The square was in the upper left corner.
    assert found[0].image[2, -2].min() > 200


def test_pixels_that_are_not_square_widen_the_picture(tmp_path):
    frames = [moving_square(0, 1, 40, 50)]
    path = encode(tmp_path / 'wide.mp4', frames, [0], sample_aspect_ratio=2)

    assert _read(path, 50, 40)[0] == (100, 40)


def test_a_gif_is_read(tmp_path):
    from PIL import Image

    images = [Image.fromarray(moving_square(i, 5, 32, 40)) for i in range(5)]
    path = tmp_path / 'a.gif'
    images[0].save(path, save_all=True, append_images=images[1:], duration=200)

    size, found = _read(path, 40, 32)

    assert size == (40, 32)
    assert [f.time for f in found] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])


def test_a_title_in_an_old_encoding_is_no_obstacle(tmp_path):
    path = write_square(tmp_path / 'a.mp4', count=3)
    # Who wrote the file is noted in it as text, which is to be UTF-8.
    content = path.read_bytes()
    assert content.count(b'Lavf') == 1
    path.write_bytes(content.replace(b'Lavf', b'L\xe4vf'))

    assert len(_read(path, 64, 48)[1]) == 3


def test_only_one_frame_is_in_memory(tmp_path):
    path = write_square(tmp_path / 'a.mp4', count=50)

    with VideoReader(path) as reader:
        frames = reader.frames(64, 48)
        first = next(frames)
        # Nothing was decoded ahead: the generator stands behind the first frame.
        assert first.time == 0
        assert next(frames).time == pytest.approx(0.1)


def test_what_is_no_video_is_refused_in_one_line(tmp_path):
    text = tmp_path / 'text.mp4'
    text.write_text('no video')
    sound = tmp_path / 'sound.mp4'
    container = av.open(str(sound), 'w')
    stream = container.add_stream('aac', rate=44100)
    frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), 'fltp', 'mono')
    frame.sample_rate, frame.pts = 44100, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
    container.close()

    for path, message in [
        (tmp_path / 'none.mp4', 'cannot be opened'),
        (text, 'cannot be opened'),
        (sound, 'only sound'),
    ]:
        with pytest.raises(MGDMError, match=message) as caught:
            VideoReader(path)
        assert str(path) in str(caught.value)
        assert '\n' not in str(caught.value)
