"""The tiny CLIP: trains, is reproducible, and its file loads like any CLIP weights."""

import numpy as np
import pytest
import torch
from mmengine.fileio import dump

from mgdm_mmaction.clip import build_clip, encode_texts
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.toy.actions import list_actions
from mgdm_mmaction.toy.dataset import generate_dataset
from mgdm_mmaction.toy.pretrain import _draw_batch, train_tiny_clip
from mgdm_mmaction.toy.scores import evaluate_zero_shot, read_scores

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


def test_zero_shot_counts(tmp_path, trained):
    """Against a plain loop over the clips of the list."""
    import cv2
    import decord

    generate_dataset(tmp_path, objects=OBJECTS, train_clips=1, val_clips=1)
    model = build_clip('mgdm-tiny', pretrained=str(trained))
    found = evaluate_zero_shot(model, 'mgdm-tiny', tmp_path)

    names = [action.name for action in list_actions(OBJECTS)]
    texts = encode_texts(model, [f'This is a video about {n}' for n in names], 'mgdm-tiny').numpy()
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    hits = dict(top1=0, top5=0, object=0, motion=0)
    for line in (tmp_path / 'val_list.txt').read_text().splitlines():
        path, label = line.split()
        reader = decord.VideoReader(str(tmp_path / 'videos' / path))
        total = np.zeros(len(names))
        for index in (1, 4, 7, 10, 13, 16, 19, 22):
            frame = cv2.resize(reader[index].asnumpy(), (64, 64), interpolation=cv2.INTER_AREA)
            pixel = (frame / 255 - (0.48145466, 0.4578275, 0.40821073)) / (
                (0.26862954, 0.26130258, 0.27577711)
            )
            image = torch.tensor(pixel.transpose(2, 0, 1)[None], dtype=torch.float32)
            with torch.no_grad():
                feature = model.encode_image(image)[0].numpy()
            total += texts @ (feature / np.linalg.norm(feature))
        best = np.argsort(-total)
        name = names[int(label)]
        own = [i for i in best if names[i].split()[0] == name.split()[0]]
        hits['top1'] += names[best[0]] == name
        hits['top5'] += int(label) in best[:5]
        hits['object'] += names[best[0]].split()[0] == name.split()[0]
        hits['motion'] += own[0] == int(label)
    assert found._asdict() == {key: pytest.approx(count / 12) for key, count in hits.items()}


def test_scores_are_counted(tmp_path):
    # Two objects of six motions. (true label, scores of the labels named; all others are 0)
    cases = [
        (0, {0: 1.0}),  # right
        (1, {2: 1.0, 1: 0.5}),  # right object, second among the motions
        (7, {3: 1.0, 7: 0.5, 8: 0.2}),  # wrong object, but the motion within the right one
        (8, {0: 6, 1: 5, 2: 4, 3: 3, 4: 2, 8: 1}),  # sixth
    ]
    samples = []
    for label, scores in cases:
        row = torch.zeros(12)
        for index, score in scores.items():
            row[index] = score
        samples.append(dict(pred_score=row, gt_label=torch.tensor([label])))
    dump(samples, str(tmp_path / 'scores.pkl'))
    scores = read_scores(tmp_path / 'scores.pkl')
    assert scores.top1 == pytest.approx(1 / 4)
    assert scores.top5 == pytest.approx(3 / 4)
    assert scores.object == pytest.approx(2 / 4)
    assert scores.motion == pytest.approx(3 / 4)


@pytest.mark.slow
def test_learns_the_object_and_not_the_motion(tmp_path):
    generate_dataset(tmp_path, objects=OBJECTS, train_clips=1, val_clips=8)
    train_tiny_clip(tmp_path / 'clip.pt', **dict(FEW, steps=100))
    model = build_clip('mgdm-tiny', pretrained=str(tmp_path / 'clip.pt'))
    result = evaluate_zero_shot(model, 'mgdm-tiny', tmp_path)
    assert result.object > 0.7
    assert result.motion < 0.4
    # The texts of one object's motions must stay apart: a frozen text bank is made of them.
    names = [f'This is a video about {action.name}' for action in list_actions(OBJECTS)]
    texts = torch.nn.functional.normalize(encode_texts(model, names, 'mgdm-tiny'), dim=-1)
    similarity = (texts @ texts.T)[:6, :6][~torch.eye(6, dtype=torch.bool)]
    assert similarity.mean() < 0.95
