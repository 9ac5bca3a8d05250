"""The half-vector scatter as a command."""

import re

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from PIL import Image

from mgdm_mmaction.apis.listed_videos import TestVideos
from mgdm_mmaction.commands.visualize_semantics import main
from mgdm_mmaction.config import read_config
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import CONFIG, toy

__all__ = ['toy']


@pytest.fixture(scope='module')
def checkpoint(toy, tmp_path_factory):
    """Weights of the toy config's model, random but for CLIP's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MGDM_DATA', str(toy.data))
        model = MODELS.build(Config.fromfile(CONFIG).model)
    model.init_weights()
    path = tmp_path_factory.mktemp('weights') / 'toy.pth'
    torch.save(dict(state_dict=model.state_dict(), meta={}), path)
    return str(path)


@pytest.fixture(autouse=True)
def _data(toy, monkeypatch, tmp_path):
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)


def test_draws_videos_of_the_list_and_others(toy, checkpoint, tmp_path, capsys):
    lines = (toy.root / 'val_list.txt').read_text().split('\n')
    (path, label), (other, _) = (line.rsplit(' ', 1) for line in lines[:2])
    classes = (toy.root / 'classes.txt').read_text().splitlines()
    copy = tmp_path / 'my own.mp4'
    copy.write_bytes((toy.root / 'videos' / path).read_bytes())
    videos = [path, str(toy.root / 'videos' / other), str(copy)]
    label = ['--label', classes[int(label)]]
    main([CONFIG, checkpoint, '--out', 'new/a.png', '--dpi', '50', '--videos', *videos, *label])
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == 'new/a.png: 3 videos'
    found = [line.split(': raw texts ') for line in out if ': raw texts rank ' in line]
    assert [name.split(' (')[0] for name, _ in found] == [path, other, str(copy)]
    # The same file and the same class give the same numbers, whatever its name.
    assert found[0][1] == found[2][1] != found[1][1]
    assert Image.open('new/a.png').size[0] == 7.6 * 50


def test_draws_the_labels(checkpoint, capsys):
    main([CONFIG, checkpoint, '--joint', '--out', 'a.png', '--dpi', '40'])
    assert capsys.readouterr().out == 'a.png: 12 classes and 0 other labels\n'
    assert Image.open('a.png').size[0] > 300


def test_samples_follow_the_seed():
    videos = TestVideos(read_config(CONFIG), 12)
    names = [[path for path, _, _ in videos.sampled(3, seed)] for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]
    assert len(set(names[0])) == 3
    assert videos.how == ' of the 12 of the test list, drawn at random with seed 1'


@pytest.mark.slow
def test_the_whole_list_stands_as_its_videos_do(checkpoint, capsys):
    main([CONFIG, checkpoint, '--out', 'a.png', '--samples', '12', '--dpi', '40', '--whole-list'])
    out = capsys.readouterr().out.splitlines()
    ranks = [re.findall(r'rank (\d+)', line) for line in out if ': raw texts rank ' in line]
    assert out[-4] == 'all 12 videos of the test list'
    for line, found in zip(out[-2:], zip(*ranks, strict=True), strict=True):
        assert f' {100 * found.count("1") / 12:.1f} %' in line


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['--out', 'a.gif'], 'should end in .png, .pdf, .svg'),
        (
            ['--out', 'a.png', '--videos', 'gone.mp4'],
            'nor a file; .* such as val/circle',
        ),
        (['--out', 'a.png', '--videos', '0000.mp4'], 'fits 12 videos .* write more'),
        (['--out', 'a.png', '--videos', 'there.png'], 'its true class is not known; add --lab'),
        (['--out', 'a.png', '--videos', 'there.png', '--label', 'x'], 'none of the 12 classes'),
        (
            ['--out', 'a.png', '--videos', 'there.png', '--label', 'star growing'],
            'there.png: cannot be read as a video',
        ),
        (['--out', 'a.png', '--label', 'x'], '--label belongs to --videos'),
        (['--out', 'a.png', '--samples', '99'], 'takes 1 to 16 videos'),
        (['--out', 'a.png', '--device', 'tpu'], 'not on this machine'),
        (['--out', 'a.png', '--font', 'gone.ttf'], 'gone.ttf does not exist'),
    ],
)
def test_mistakes(checkpoint, tmp_path, args, message):
    (tmp_path / 'there.png').write_text('a picture')
    with pytest.raises(MGDMError, match=message):
        main([CONFIG, checkpoint, *args])
    assert (tmp_path / 'there.png').read_text() == 'a picture'
