"""Classes and motions: complete, in order, and without a hint of the motion in a single frame."""

import numpy as np
import pytest

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.toy.actions import DEFAULT_OBJECTS, MOTIONS, OBJECTS, list_actions, sample_track


def test_default_classes():
    names = [action.name for action in list_actions()]
    assert len(names) == len(set(names)) == 36
    assert names[:7] == [
        'circle moving left',
        'circle moving right',
        'circle moving up',
        'circle moving down',
        'circle growing',
        'circle shrinking',
        'square moving left',
    ]
    assert len(DEFAULT_OBJECTS) == 6
    assert len(OBJECTS) >= 10


@pytest.mark.parametrize(
    ('objects', 'message'),
    [
        ([], 'no objects given; choose from: circle'),
        (['star', 'cube'], "unknown object 'cube'; choose from: circle, .*star"),
        (['star', 'star'], "'star' is given twice"),
    ],
)
def test_bad_objects(objects, message):
    with pytest.raises(MGDMError, match=message):
        list_actions(objects)


@pytest.mark.parametrize('motion', MOTIONS)
def test_track_moves_on_its_axis_only(motion):
    axis = 'xyr'.index({'left': 'x', 'right': 'x', 'up': 'y', 'down': 'y'}.get(motion[7:], 'r'))
    sign = -1 if motion in ('moving left', 'moving up', 'shrinking') else 1
    for seed in range(50):
        track = sample_track(motion, 24, np.random.default_rng(seed))
        way = track[-4:].mean(axis=0) - track[:4].mean(axis=0)
        assert way[axis] * sign > 0.02
        # The others only tremble.
        assert np.abs(np.delete(way, axis)).max() < 0.02


def _random_frames(motion, count=4000):
    rng = np.random.default_rng(list(MOTIONS).index(motion))
    tracks = [sample_track(motion, 24, rng) for _ in range(count)]
    return np.stack([track[rng.integers(24)] for track in tracks])


def test_single_frame_does_not_tell_the_motion():
    """Position and size of a random frame have one distribution, the same for all motions."""
    frames = {motion: _random_frames(motion) for motion in MOTIONS}
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
