"""The check for recordings on both sides of a split, on clips with scenes of their own."""

import re

import numpy as np
import pytest

from mgdm_mmaction.commands.build_lists import main as build_lists
from mgdm_mmaction.commands.check_videos import main as check_videos
from mgdm_mmaction.data_prep.leakage import find_leak
from tests.video.clips import encode

CLASSES, RECORDINGS, CLIPS = 3, 5, 3


@pytest.fixture(scope='module')
def tree(tmp_path_factory):
    """Clips of one recording share a blurred scene, those of one class its brightness."""
    root = tmp_path_factory.mktemp('clips')
    rng = np.random.default_rng(0)
    for label in range(CLASSES):
        (root / f'class{label}').mkdir()
        for recording in range(RECORDINGS):
            scene = np.kron(rng.integers(0, 150, (4, 6)), np.ones((16, 16))) + 20 * label
            for clip in range(CLIPS):
                picture = scene + rng.normal(0, 8, scene.shape)
                rgb = np.repeat(picture.clip(0, 255).astype(np.uint8)[..., None], 3, -1)
                name = f'{label}{"abcdef"[recording]}_{clip}.mp4'
                encode(root / f'class{label}' / name, 3, picture=lambda *_, rgb=rgb: rgb)
    return root


def test_lists_with_recordings_on_both_sides(tree, tmp_path, capsys):
    for name, options in (('random', []), ('honest', ['--group-by', 'number'])):
        out = str(tmp_path / name)
        build_lists(['folders', str(tree), '--out', out, '--val-fraction', '0.3', *options])
        found = re.search(
            r'warning: (\d+)% of \d+ validation clips are near', capsys.readouterr()[0]
        )
        assert bool(found) == (name == 'random')
        if found:
            assert int(found[1]) > 80


@pytest.mark.slow
def test_the_check_of_clips_finds_it_in_two_lists(tree, tmp_path, capsys):
    build_lists(['folders', str(tree), '--out', str(tmp_path), '--val-fraction', '0.3'])
    lists = [str(tmp_path / f'{part}_list.txt') for part in ('train', 'val')]
    capsys.readouterr()
    check_videos([*lists, '--root', str(tree), '--quick', '--workers', '1'])
    assert 'near copies of a training clip' in capsys.readouterr().out


def test_nothing_to_compare(tree):
    clips = sorted((str(path), int(path.parent.name[-1])) for path in tree.rglob('*.mp4'))
    assert find_leak(clips[:2], clips[2:4]) == ''  # one class
    assert find_leak(clips[:2], []) == find_leak([('gone.mp4', 0)], [('gone.mp4', 1)]) == ''
