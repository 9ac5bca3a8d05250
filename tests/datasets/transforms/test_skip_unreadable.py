"""SkipUnreadable on real files: short, empty, cut off, missing; counted over worker processes."""

import logging

import numpy as np
import pytest
from mmaction.registry import DATASETS, TRANSFORMS
from torch.utils.data import DataLoader

import mgdm_mmaction.datasets  # noqa: F401
from mgdm_mmaction.datasets.transforms.unreadable_log import UnreadableLog
from mgdm_mmaction.errors import MGDMError
from tests.datasets.videos import write_frames, write_video

VIDEO = [
    {'type': 'DecordInit'},
    {'type': 'UniformSample', 'clip_len': 8},
    {'type': 'DecordDecode'},
]
FRAMES = [{'type': 'UniformSample', 'clip_len': 8}, {'type': 'RawFrameDecode'}]


def build(transforms=VIDEO, **kwargs):
    from mmaction.utils import register_all_modules

    register_all_modules(init_default_scope=True)
    return TRANSFORMS.build(dict(type='SkipUnreadable', transforms=transforms, **kwargs))


@pytest.fixture
def videos(tmp_path):
    good = write_video(tmp_path / 'good.mp4', 0)
    write_video(tmp_path / 'short.mp4', 1, count=3)
    (tmp_path / 'empty.mp4').write_bytes(b'')
    (tmp_path / 'cut.mp4').write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (tmp_path / 'text.mp4').write_text('not a video')
    return tmp_path


def sample(path, **more):
    return {'filename': str(path), 'label': 0, 'start_index': 0, 'modality': 'RGB'} | more


def test_readable_videos(videos):
    transform = build()
    for name in ('good.mp4', 'short.mp4'):
        results = transform(sample(videos / name))
        assert results['unreadable'] is False
        assert len(results['imgs']) == 8
    # Three frames for eight places: all of them are there, in order, repeated.
    assert results['total_frames'] == 3
    assert set(results['frame_inds']) == {0, 1, 2}
    assert (np.diff(results['frame_inds']) >= 0).all()


@pytest.mark.parametrize('name', ['empty.mp4', 'cut.mp4', 'text.mp4', 'missing.mp4'])
def test_training_gives_none(videos, name):
    assert build()(sample(videos / name)) is None


@pytest.mark.parametrize('name', ['empty.mp4', 'cut.mp4', 'text.mp4', 'missing.mp4'])
def test_testing_gives_a_blank_clip(videos, name):
    transform = build(test_mode=True, blank_size=(40, 60))
    results = transform(sample(videos / name))
    assert results['unreadable'] is True
    assert len(results['imgs']) == 8
    assert results['imgs'][0].shape == (40, 60, 3)
    assert results['img_shape'] == (40, 60)
    assert not np.any(results['imgs'])


def test_blank_clip_has_the_shape_of_all_views(videos):
    transforms = [
        {'type': 'DecordInit'},
        {'type': 'SampleFrames', 'clip_len': 4, 'num_clips': 3, 'test_mode': True},
        {'type': 'DecordDecode'},
    ]
    transform = build(transforms, test_mode=True)
    good = transform(sample(videos / 'good.mp4'))
    bad = transform(sample(videos / 'empty.mp4'))
    assert len(good['imgs']) == len(bad['imgs']) == 12
    assert set(good) <= set(bad)


def test_raw_frames(tmp_path):
    write_frames(tmp_path / 'good', 0, count=5)
    write_frames(tmp_path / 'bad', 0, count=5)
    for image in (tmp_path / 'bad').iterdir():
        image.write_bytes(b'no image')
    common = {'label': 0, 'filename_tmpl': 'img_{:05}.jpg', 'start_index': 1, 'modality': 'RGB'}
    for test_mode in (False, True):
        transform = build(FRAMES, test_mode=test_mode)
        info = {'frame_dir': str(tmp_path / 'good'), 'total_frames': 5} | common
        assert len(transform(dict(info))['imgs']) == 8
        for change in (
            {'frame_dir': str(tmp_path / 'bad')},
            {'total_frames': 9, 'frame_dir': str(tmp_path / 'none')},
            {'total_frames': 0},
        ):
            results = transform(info | change)
            assert results['unreadable'] if test_mode else results is None


def test_a_bad_video_is_logged_once(videos, monkeypatch):
    logged = []
    monkeypatch.setattr(
        'mgdm_mmaction.datasets.transforms.skip_unreadable.print_log',
        lambda message, logger, level: logged.append((message, level)),
    )
    transform = build()
    for _ in range(3):
        transform(sample(videos / 'empty.mp4'))
    assert len(logged) == 1
    assert 'empty.mp4: RuntimeError' in logged[0][0]
    assert logged[0][1] == logging.WARNING


def test_all_bad_is_found_out_soon(videos):
    transform = build()
    for i in range(4):
        assert transform(sample(videos / f'missing_{i}.mp4')) is None
    with pytest.raises(MGDMError, match='5 unreadable videos among 5 clips tried') as error:
        transform(sample(videos / 'missing_4.mp4'))
    assert 'missing_0.mp4: FileNotFoundError' in str(error.value)
    assert 'data_prefix' in str(error.value)


def test_zero_tolerance(videos):
    with pytest.raises(MGDMError, match='empty.mp4'):
        build(max_fraction=0)(sample(videos / 'empty.mp4'))


def test_faults_of_the_config_are_not_swallowed(videos):
    info = sample(videos / 'good.mp4')
    del info['start_index']
    with pytest.raises(KeyError):
        build(test_mode=True)(info)
    with pytest.raises(MGDMError, match='samples frames'):
        build([{'type': 'DecordInit'}])
    with pytest.raises(MGDMError, match='max_fraction=2'):
        build(max_fraction=2)


def test_allowed_follows_the_fraction():
    log = UnreadableLog(0.01)
    log._tried[3] = 1_000_000
    assert 10_000 < log.allowed() < 10_500
    log._tried[:] = 0
    assert log.allowed() == 4


def _dataset(folder, names, **kwargs):
    (folder / 'list.txt').write_text(''.join(f'{name} 0\n' for name in names))
    size = {'type': 'Resize', 'scale': (32, 32), 'keep_ratio': False}
    pack = [
        {'type': 'FormatShape', 'input_format': 'NCHW'},
        {'type': 'PackActionInputs', 'meta_keys': ('unreadable',)},
    ]
    build()  # registers
    skip = dict(type='SkipUnreadable', transforms=VIDEO, **kwargs)
    return DATASETS.build(
        {
            'type': 'VideoDataset',
            'ann_file': str(folder / 'list.txt'),
            'data_prefix': {'video': str(folder)},
            'pipeline': [skip, size, *pack],
            'test_mode': kwargs.get('test_mode', False),
        }
    )


@pytest.mark.parametrize('context', ['fork', pytest.param('spawn', marks=pytest.mark.slow)])
def test_workers_share_the_count(videos, context):
    names = ['good.mp4', 'short.mp4'] * 4 + ['cut.mp4', 'text.mp4']
    dataset = _dataset(videos, names)
    loader = DataLoader(
        dataset, batch_size=1, num_workers=2, collate_fn=list, multiprocessing_context=context
    )
    items = [item for batch in loader for item in batch]
    assert len(items) == len(names)
    assert all(item['inputs'].shape == (8, 3, 32, 32) for item in items)
    log = dataset.pipeline.transforms[0].log
    assert set(log.videos()) == {str(videos / 'cut.mp4'), str(videos / 'text.mp4')}
    # Every bad video is one try more: another one was fetched in its place.
    assert log.tried() >= len(names) + 2


def test_workers_raise_together(videos):
    dataset = _dataset(videos, ['good.mp4'] + [f'missing_{i}.mp4' for i in range(30)])
    loader = DataLoader(dataset, batch_size=1, num_workers=2, collate_fn=list)
    with pytest.raises(MGDMError, match='unreadable videos among'):
        list(loader)


def test_test_set_goes_through(videos):
    dataset = _dataset(videos, ['good.mp4', 'empty.mp4', 'short.mp4', 'text.mp4'], test_mode=True)
    items = [dataset[i] for i in range(4)]
    assert [item['data_samples'].unreadable for item in items] == [False, True, False, True]
    assert all(item['inputs'].shape == (8, 3, 32, 32) for item in items)


def test_the_file_of_the_log_goes_away(videos):
    transform = build()
    transform(sample(videos / 'empty.mp4'))
    path = transform.log._path
    assert path.exists()
    del transform
    assert not path.exists()
