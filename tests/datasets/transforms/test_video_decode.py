"""VideoInit and VideoDecode against FFmpeg's frames in a row, and the table of decoders."""

import re
from pathlib import Path

import av
import numpy as np
import pytest
from mmaction.registry import TRANSFORMS

from mgdm_mmaction.data_prep.check_clips import ClipDecoder
from mgdm_mmaction.video import FileVideo
from tests.video.clips import encode
from tests.video.kinds import KINDS

QUICK = ('with B-frames', 'edit list, start trimmed', 'MPEG-4 in avi, B-frames', 'rotated')


def by_ffmpeg(path):
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [
        np.rot90(f.reformat(format='rgb24', interpolation='BICUBIC').to_ndarray(), f.rotation // 90)
        for f in frames
    ]


def read(path, indices):
    results = {'filename': str(path)}
    results = TRANSFORMS.build(dict(type='VideoInit'))(results)
    assert results['total_frames'] > max(indices)
    results = TRANSFORMS.build(dict(type='VideoDecode'))({**results, 'frame_inds': indices})
    assert results['img_shape'] == results['original_shape'] == results['imgs'][0].shape[:2]
    assert results['video_reader'] is None
    return results


def assert_equal(path):
    right = by_ffmpeg(path)
    rng = np.random.default_rng(0)
    # In order, one frame alone, and any order with repeats.
    for indices in (
        np.arange(len(right)),
        *([i] for i in {0, len(right) // 3, len(right) - 1}),
        rng.integers(0, len(right), 8),
    ):
        results = read(path, np.array(indices))
        assert results['total_frames'] == len(right)
        for index, image in zip(indices, results['imgs'], strict=True):
            np.testing.assert_array_equal(image, right[index])


@pytest.mark.parametrize(
    'kind', [k if k in QUICK else pytest.param(k, marks=pytest.mark.slow) for k in KINDS]
)
def test_frames_are_those_of_ffmpeg(tmp_path, kind):
    name, write = KINDS[kind]
    path = write(tmp_path / name)
    assert_equal(path)


def test_a_frame_that_is_wanted_twice_is_two_arrays(tmp_path):
    path = encode(tmp_path / 'a.mp4')
    first, second = read(path, np.array([3, 3]))['imgs']
    np.testing.assert_array_equal(first, second)
    assert not np.shares_memory(first, second)


def test_the_rate_and_a_name_without_ending(tmp_path):
    encode(tmp_path / 'a.mp4', count=20, fps=10)
    results = read(tmp_path / 'a', np.array([[1], [2]]))
    assert results['avg_fps'] == pytest.approx(10)
    assert results['frame_inds'].tolist() == [1, 2]


def _row(kind, path):
    """Return what two decoders make of a file, as docs/data.md has it."""
    with FileVideo(path) as video:
        cells = [kind, f'{len(video.times)}']
    for prefix in ('Video', 'Decord'):
        pipeline = [dict(type=f'{prefix}Init'), dict(type=f'{prefix}Decode')]
        reason = ClipDecoder(pipeline)({'filename': str(path)}).reason
        found = re.search(r'finds (\d+) frames', reason)
        wrong = f'{found[1]} frames' if found else 'frames of other moments'
        cells.append('right' if not reason else wrong if 'moments' in reason else 'an error')
    return f'| {" | ".join(cells)} |'


@pytest.mark.slow
def test_the_table_of_decoders_in_the_documentation(tmp_path):
    rows = [_row(kind, write(tmp_path / name)) for kind, (name, write) in KINDS.items()]
    text = (Path(__file__).parents[3] / 'docs/data.md').read_text()
    assert '\n'.join(rows) in text, '\n'.join(rows)
