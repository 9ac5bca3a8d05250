"""The tiny CLIP of any list: which frames go with which caption."""

import pytest

from mgdm_mmaction.apis import tiny_clip
from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.commands.train_tiny_clip import main
from mgdm_mmaction.errors import MGDMError
from tests.datasets.videos import write_frames, write_video


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """Run the command on a list of three classes; returns what draws its batches."""
    (tmp_path / 'classes.txt').write_text('opening a door\nnever seen\nclosing a door\n')
    caught = []

    def fit(classes, draw, steps, seed):
        caught.append(draw)
        return build_clip('mgdm-tiny')

    monkeypatch.setattr(tiny_clip, 'fit_clip', fit)

    def run(text):
        path = tmp_path / 'list.txt'
        path.write_text(text)
        classes = str(tmp_path / 'classes.txt')
        main([str(path), '--root', str(tmp_path), '--classes', classes, '--num-workers', '0'])
        assert (tmp_path / 'clip.pt').is_file()
        return caught[-1]

    return run


def check(draw, monkeypatch):
    """Frames of the first and of the last class take turns, as their captions do."""
    monkeypatch.setattr(tiny_clip.v2.ColorJitter, '__call__', lambda self, image: image)
    monkeypatch.setattr(tiny_clip.v2.RandomGrayscale, '__call__', lambda self, image: image)
    classes, images, captions = draw(3)
    assert (classes.tolist(), captions) == ([0, 2], None)
    assert images.shape == (128, 3, 64, 64)
    colours = images.median(3).values.median(2).values.unflatten(0, (64, 2))
    # Within a class they are alike, between the classes they are not.
    spread = colours.std(0).max()
    assert spread < 0.2 < (colours[:, 0] - colours[:, 1]).abs().max(1).values.min()


def test_videos_with_a_broken_one(tmp_path, draw, monkeypatch, capsys):
    for number in range(2):
        write_video(tmp_path / f'clip {number}.mp4', number, size=64)
    (tmp_path / 'broken.mp4').write_bytes(b'nothing')
    check(draw('clip 0.mp4\t0\nbroken.mp4\t0\nclip 1.mp4\t2\n'), monkeypatch)
    assert 'left out: broken.mp4' in capsys.readouterr().out


def test_raw_frames(tmp_path, draw, monkeypatch):
    for number in range(2):
        write_frames(tmp_path / f'clip{number}', number, size=64)
    check(draw('clip0 12 0\nclip1 12 2\n'), monkeypatch)


def test_no_clip_can_be_read(tmp_path, draw):
    (tmp_path / 'broken.mp4').write_bytes(b'nothing')
    with pytest.raises(MGDMError, match='none of its 1 clips can be read; the first is broken.mp4'):
        draw('broken.mp4 0\n')
