"""The data set on disk: lists, real videos, the same for the same seed, motion in the frames."""

import json

import numpy as np
import pytest

from mgdm_mmaction.commands.make_toy_data import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.toy.actions import MOTIONS, Action, list_actions, sample_track
from mgdm_mmaction.toy.dataset import (
    _check_video,
    clip_generator,
    generate_dataset,
    read_settings,
)
from mgdm_mmaction.toy.render import render_clip

decord = pytest.importorskip('decord')
SMALL = dict(objects=['star', 'ring'], train_clips=2, val_clips=1, num_frames=10, size=64)
TINY = dict(SMALL, objects=['bar'], train_clips=1)


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp('toy')
    assert generate_dataset(root, seed=3, **SMALL)
    return root


def _decode(path):
    reader = decord.VideoReader(str(path), num_threads=1)
    return reader.get_batch(range(len(reader))).asnumpy()


def _videos(root):
    return {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob('*.mp4'))}


def test_classes_and_lists_agree(data_root):
    names = [action.name for action in list_actions()]
    assert len(names) == len(set(names)) == 36
    assert names[5:7] == ['circle shrinking', 'square moving left']
    classes = (data_root / 'classes.txt').read_text().splitlines()
    assert classes == [f'{name} {motion}' for name in ('star', 'ring') for motion in MOTIONS]
    listed = []
    for split, count in (('train', 2), ('val', 1)):
        lines = (data_root / f'{split}_list.txt').read_text().splitlines()
        assert len(lines) == count * 12
        for line in lines:
            path, label = line.split()
            assert path.split('/')[:2] == [split, classes[int(label)].replace(' ', '_')]
            listed.append(path)
    on_disk = [str(p.relative_to(data_root / 'videos')) for p in data_root.rglob('*.mp4')]
    assert sorted(listed) == sorted(on_disk)


def test_videos_decode_to_what_was_drawn(data_root):
    for path in ('train/star_moving_left/0001.mp4', 'val/ring_growing/0000.mp4'):
        frames = _decode(data_root / 'videos' / path)
        assert frames.shape == (10, 64, 64, 3)
        split, folder, name = path.split('/')
        action = Action(*folder.replace('_', ' ').split(' ', 1))
        generator = clip_generator(3, split, action, int(name[:4]))
        drawn = render_clip(action, generator, num_frames=10, size=64)
        # Compression and noise leave a difference, swapped colours or frames a much larger one.
        difference = np.abs(frames.astype(float) - drawn).mean()
        assert difference < 9
        assert np.abs(frames[..., ::-1].astype(float) - drawn).mean() > 1.5 * difference


def test_a_clip_follows_from_the_seed_and_its_own_name(data_root, tmp_path):
    generate_dataset(tmp_path / 'again', seed=3, **dict(SMALL, objects=['ring'], train_clips=3))
    again, first = _videos(tmp_path / 'again'), _videos(data_root)
    common = again.keys() & first.keys()
    assert len(common) == 6 * 3
    assert all(again[name] == first[name] for name in common)
    generate_dataset(tmp_path / 'other', seed=4, **SMALL)
    other = _videos(tmp_path / 'other')
    assert all(content != other[name] for name, content in first.items())


def test_what_is_there_is_kept_finished_or_refused(tmp_path):
    with pytest.raises(MGDMError, match='there is no toy data set in .*make_toy_data.py'):
        read_settings(tmp_path)
    assert generate_dataset(tmp_path, **TINY)
    stamp = (tmp_path / 'train_list.txt').stat().st_mtime_ns
    assert not generate_dataset(tmp_path, **TINY)
    assert (tmp_path / 'train_list.txt').stat().st_mtime_ns == stamp
    with pytest.raises(MGDMError, match='seed is 0, wanted 1.*--overwrite'):
        generate_dataset(tmp_path, seed=1, **TINY)
    assert generate_dataset(tmp_path, seed=1, overwrite=True, **TINY)
    assert read_settings(tmp_path) == dict(TINY, seed=1)
    # As an interrupted run leaves it.
    settings = json.loads((tmp_path / 'dataset.json').read_text())
    (tmp_path / 'dataset.json').write_text(json.dumps(dict(settings, complete=False)))
    next(tmp_path.rglob('*.mp4')).write_bytes(b'half a video')
    with pytest.raises(MGDMError, match='only an unfinished toy data set'):
        read_settings(tmp_path)
    assert generate_dataset(tmp_path, **TINY)
    assert all(len(_decode(path)) == 10 for path in tmp_path.rglob('*.mp4'))


def test_foreign_videos_are_left_alone(tmp_path):
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos' / 'mine.mp4').write_bytes(b'precious')
    with pytest.raises(MGDMError, match='were not generated here and are left alone'):
        generate_dataset(tmp_path, overwrite=True, **SMALL)
    assert (tmp_path / 'videos' / 'mine.mp4').exists()


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        (dict(seed=-1), 'seed should be at least 0, but got -1'),
        (dict(size=63), 'size should be even'),
        (dict(objects=[]), 'no objects given; choose from: circle'),
        (dict(objects=['star', 'cube']), "unknown object 'cube'; choose from: circle, .*star"),
        (dict(objects=['star', 'star']), "'star' is given twice"),
    ],
)
def test_bad_settings(tmp_path, option, message):
    with pytest.raises(MGDMError, match=message):
        generate_dataset(tmp_path, **option)
    assert not any(tmp_path.iterdir())


def test_a_video_that_decord_reads_otherwise_is_refused(data_root):
    path = next(data_root.rglob('*.mp4'))
    _check_video(path, np.zeros((10, 64, 64, 3)))
    with pytest.raises(MGDMError, match='decord does not read .* choose another size'):
        _check_video(path, np.zeros((11, 64, 64, 3)))


def test_single_frame_does_not_tell_the_motion():
    """Position and size of a random frame have one distribution, the same for all motions."""
    frames = {}
    for seed, motion in enumerate(MOTIONS):
        rng = np.random.default_rng(seed)
        tracks = [sample_track(motion, 24, rng) for _ in range(4000)]
        frames[motion] = np.stack([track[rng.integers(24)] for track in tracks])
    everything = np.concatenate(list(frames.values()))
    levels = np.linspace(0.05, 0.95, 19)
    for motion, rows in frames.items():
        for axis in range(3):
            # Kolmogorov-Smirnov distance at fixed points; its sampling error here is about 0.015.
            edges = np.quantile(everything[:, axis], levels)
            shares = (rows[:, axis, None] < edges).mean(axis=0)
            assert np.abs(shares - levels).max() < 0.04, (motion, 'xyr'[axis])
        # No hint in the joint distribution either: the axes do not depend on each other.
        assert np.abs(np.corrcoef(rows.T) - np.eye(3)).max() < 0.06, motion


def _object_mask(frames):
    """Find the object without knowing it: it is much brighter than the median of its frame."""
    light = frames.astype(float) @ (0.3, 0.6, 0.1)
    return light > np.median(light, axis=(1, 2), keepdims=True) + 45


@pytest.mark.parametrize('motion', MOTIONS)
def test_motion_is_in_the_decoded_frames(motion, data_root):
    clips = sorted((data_root / 'videos').glob(f'*/*_{motion.replace(" ", "_")}/*.mp4'))
    assert len(clips) == 6
    for path in clips:
        mask = _object_mask(_decode(path))
        rows, columns = np.arange(64)[:, None], np.arange(64)
        area = mask.sum(axis=(1, 2))
        x = (mask * columns).sum(axis=(1, 2)) / area
        y = (mask * rows).sum(axis=(1, 2)) / area
        shift = {
            'moving left': x[0] - x[-1],
            'moving right': x[-1] - x[0],
            'moving up': y[0] - y[-1],
            'moving down': y[-1] - y[0],
            'growing': 20 * np.log(area[-1] / area[0]),
            'shrinking': 20 * np.log(area[0] / area[-1]),
        }
        # 0.25 of 64 pixels is the shortest way, 1.6 squared the smallest growth of the area.
        assert shift[motion] > 8, path
        assert max(shift, key=shift.get) == motion, path


def test_command(tmp_path, capsys):
    arguments = [str(tmp_path), '--objects', 'bar', '--size', '32', '--num-frames', '4']
    arguments += ['--train-clips', '1', '--val-clips', '1']
    main(arguments)
    assert '6 classes, 6 training and 6 validation clips, made in' in capsys.readouterr().out
    main(arguments)
    assert 'already there' in capsys.readouterr().out
