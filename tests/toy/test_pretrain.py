"""The tiny CLIP: trains, is reproducible, and its file loads like any CLIP weights."""

import pytest
import torch

from mgdm_mmaction.clip import build_clip, encode_texts
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.toy.actions import list_actions
from mgdm_mmaction.toy.pretrain import _draw_batch, train_tiny_clip

OBJECTS = ['bar', 'cross']
FEW = dict(objects=OBJECTS, steps=4, batch_size=24, seed=5)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp('clip') / 'clip.pt'
    assert train_tiny_clip(path, **FEW)
    return path


def test_file_loads_like_any_clip(trained):
    state = torch.load(trained, weights_only=True)
    plain = build_clip('mgdm-tiny')
    plain.load_state_dict(state, strict=True)
    loaded = build_clip('mgdm-tiny', pretrained=str(trained))
    images = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    texts = ['This is a video about bar growing', 'a frame of a star']
    with torch.no_grad():
        assert torch.equal(plain.encode_image(images), loaded.encode_image(images))
    expected, found = (encode_texts(model, texts, 'mgdm-tiny') for model in (plain, loaded))
    assert torch.equal(expected, found)
    assert all(value.isfinite().all() for value in state.values())


def test_same_seed_same_weights(trained, tmp_path):
    torch.manual_seed(99)
    before = torch.get_rng_state()
    train_tiny_clip(tmp_path / 'again.pt', **FEW)
    assert torch.equal(torch.get_rng_state(), before)
    first, again = (torch.load(p, weights_only=True) for p in (trained, tmp_path / 'again.pt'))
    assert all(torch.allclose(first[name], again[name], atol=1e-6) for name in first)
    train_tiny_clip(tmp_path / 'other.pt', **dict(FEW, seed=6, steps=1))
    other = torch.load(tmp_path / 'other.pt', weights_only=True)
    assert not torch.equal(first['visual.proj'], other['visual.proj'])


def test_rerun_keeps_and_other_settings_are_refused(trained):
    stamp = trained.stat().st_mtime_ns
    assert not train_tiny_clip(trained, **FEW)
    assert trained.stat().st_mtime_ns == stamp
    with pytest.raises(MGDMError, match='other settings .steps is 4, wanted 3.*--overwrite'):
        train_tiny_clip(trained, **dict(FEW, steps=3))
    with pytest.raises(MGDMError, match='steps should be at least 1, but got 0'):
        train_tiny_clip(trained, steps=0)


def test_a_batch_holds_each_class_once_a_group():
    actions = list_actions(OBJECTS)
    settings = dict(batch_size=30, seed=0, num_frames=24)
    classes, images, captions = _draw_batch(actions, 0, (64, 64), settings)
    assert classes.tolist() == list(range(12))
    assert images.shape == (24, 3, 64, 64)
    assert len(captions) == 24
    # Normalised pixels of a dark scene: neither 0..255 nor 0..1.
    assert -2 < images.mean() < 0.5
    for position, caption in enumerate(captions):
        assert actions[position % 12].object in caption
        assert actions[position % 12].motion not in caption
    following = _draw_batch(actions, 1, (64, 64), settings)[1]
    assert not torch.equal(images, following)
    # More classes than frames: a part of the classes, without repeats.
    classes, images, _ = _draw_batch(actions, 0, (64, 64), dict(settings, batch_size=5))
    assert len(set(classes.tolist())) == len(images) == 5


@pytest.mark.slow
def test_learns_the_object_and_not_the_motion(tmp_path):
    train_tiny_clip(tmp_path / 'clip.pt', **dict(FEW, steps=200))
    model = build_clip('mgdm-tiny', pretrained=str(tmp_path / 'clip.pt'))
    actions = list_actions(OBJECTS)
    names = [f'This is a video about {action.name}' for action in actions]
    texts = torch.nn.functional.normalize(encode_texts(model, names, 'mgdm-tiny'), dim=-1)
    # Eight times eight new frames of every class, as those of a clip.
    settings = dict(batch_size=12 * 64, seed=99, num_frames=24)
    _, images, _ = _draw_batch(actions, 0, (64, 64), settings)
    with torch.no_grad():
        frames = torch.nn.functional.normalize(model.encode_image(images), dim=-1)
    scores = (frames @ texts.T).view(8, 8, 12, 12).mean(dim=1)
    labels = torch.arange(12)
    assert (scores.argmax(dim=-1) // 6 == labels // 6).float().mean() > 0.8
    own = scores.view(8, 12, 2, 6)[:, labels, labels // 6]
    assert (own.argmax(dim=-1) == labels % 6).float().mean() < 0.4
    # The texts of one object's motions must stay apart: a frozen text bank is made of them.
    similarity = (texts @ texts.T)[:6, :6][~torch.eye(6, dtype=torch.bool)]
    assert similarity.mean() < 0.95
