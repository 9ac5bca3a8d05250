"""Cross-entropy over the texts of all classes, alone and beside the contrastive loss."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import METRICS, MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config

from mgdm_mmaction import MGDMError
from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.models import ClassTextLoss
from tests.configs.walk import CONFIGS
from tests.models.tiny import CLASSES, tiny_batch, tiny_config, tiny_model
from tests.models.two_processes import assert_two_equal_one

CLASSIFIER = dict(class_loss=dict(type='ClassTextLoss'))


def classifier(seed=0):
    model = tiny_model(seed, **CLASSIFIER)
    model.loss_module = None
    return model


def sample(label):
    return ActionDataSample().set_gt_label(label)


@pytest.mark.parametrize('smoothing', [0.0, 0.1])
@pytest.mark.parametrize('blended', [False, True])
def test_value_against_the_formula(smoothing, blended):
    logits, labels = torch.randn(3, 2, 4), [2, 0, 3]
    wanted = F.one_hot(torch.tensor(labels), 4).float()
    if blended:
        wanted = 0.7 * wanted + 0.3 * wanted[[1, 2, 0]]
    expected = 0.0
    for video in range(3):
        for view in range(2):
            total = sum(math.exp(s) for s in logits[video, view])
            for score, share in zip(logits[video, view], wanted[video], strict=True):
                target = (1 - smoothing) * share + smoothing / 4
                expected -= float(target * (score - math.log(total))) / 6
    loss = ClassTextLoss(smoothing, loss_weight=2.0)
    found = loss(logits, list(map(sample, wanted if blended else labels)))
    assert found['loss_cls'].item() == pytest.approx(2 * expected, abs=1e-5)
    best = logits.argmax(-1) == torch.tensor(labels)[:, None]
    assert found['top1_acc'] == best.float().mean()


@pytest.mark.parametrize('smoothing', [0.0, 0.1])
def test_several_labels(smoothing):
    logits, wanted = torch.randn(2, 1, 4), torch.tensor([[1.0, 0, 1, 0], [0, 0, 0, 1]])
    samples = list(map(sample, wanted))
    expected = 0.0
    for score, target in zip(logits.flatten(), wanted.flatten(), strict=True):
        share = float((1 - smoothing) * target + smoothing / 2)
        yes = 1 / (1 + math.exp(-score))
        expected -= (share * math.log(yes) + (1 - share) * math.log(1 - yes)) / 8
    found = ClassTextLoss(smoothing, multi_label=True)(logits, samples)
    assert found['loss_cls'].item() == pytest.approx(expected, abs=1e-5)
    # Over the classes each label has an equal share, and any of them is right.
    shares = list(map(sample, torch.tensor([[0.5, 0, 0.5, 0], [0, 0, 0, 1]])))
    loss = ClassTextLoss(smoothing)
    torch.testing.assert_close(loss(logits, samples)['loss_cls'], loss(logits, shares)['loss_cls'])
    for best, right in ((0, 1.0), (1, 0.5), (2, 1.0)):
        scores = torch.stack([F.one_hot(torch.tensor(i), 4).float() for i in (best, 3)])
        assert loss(scores[:, None], samples)['top1_acc'] == right


def test_a_model_of_several_labels():
    changes = dict(cls_head=dict(threshold=0.2), test_cfg=dict(average_clips='sigmoid'))
    model = tiny_model(class_loss=dict(type='ClassTextLoss', multi_label=True), **changes)
    inputs, _ = tiny_batch(3, num_views=2)
    samples = [sample(label) for label in torch.tensor([[1.0, 0, 0, 1, 0]] * 2 + [[0, 1, 1, 0, 1]])]
    model.loss_module = None
    model(inputs, samples, mode='loss')['loss_cls'].backward()
    assert model.cls_head.threshold.grad
    assert tiny_model(cls_head=dict(threshold=0)).cls_head.threshold == 0
    logits = model.eval()(inputs)
    plain = tiny_model()(inputs)
    torch.testing.assert_close(logits, plain - 0.2 * model.cls_head.scale())
    with torch.no_grad():
        found = model(inputs, samples, mode='predict')
        torch.testing.assert_close(model.folded()(inputs[:, :2]), logits[:, 0])
    scores = torch.stack([item.pred_score for item in found])
    torch.testing.assert_close(scores, logits.sigmoid().mean(1))
    metric = METRICS.build(dict(type='AccMetric', metric_list=('mean_average_precision',)))
    metric.process(None, [item.to_dict() for item in found])
    assert metric.evaluate(3).keys() == {'acc/mean_average_precision'}


def test_mgdm_takes_it_alone_or_besides():
    inputs, samples = tiny_batch(3)
    both, alone = tiny_model(**CLASSIFIER), classifier()
    losses = both(inputs, samples, mode='loss')
    expected = alone.class_loss(alone(inputs), samples)['loss_cls']
    torch.testing.assert_close(losses['loss_cls'], expected)
    torch.testing.assert_close(alone(inputs, samples, mode='loss')['loss_cls'], expected)
    plain = tiny_model()(inputs, samples, mode='loss')
    assert losses.keys() - plain.keys() == {'loss_cls', 'top1_acc'}
    torch.testing.assert_close({key: losses[key] for key in plain}, plain)
    expected.backward()
    assert not [n for n, p in alone.named_parameters() if p.requires_grad and p.grad is None]


def test_refusals():
    with pytest.raises(MGDMError, match='MGDM needs a loss'):
        MODELS.build(tiny_config() | dict(loss=None))
    with pytest.raises(MGDMError, match='a label has 4 classes, but the model has 3'):
        ClassTextLoss()(torch.randn(1, 1, 3), [sample(torch.rand(4))])
    inputs, _ = tiny_batch(2)
    # Floats behind MixupBlending; RandomBatchAugment leaves integers where it blends nothing.
    for label in (torch.rand(5), F.one_hot(torch.tensor(1), 5)):
        with pytest.raises(MGDMError, match=r'one class a video: leave out .*blending'):
            tiny_model()(inputs, [sample(label)] * 2, mode='loss')


def test_vificlip_untrained_is_zero_shot_clip(tmp_path, monkeypatch):
    monkeypatch.setenv('MGDM_DATA', str(tmp_path))
    monkeypatch.setenv('MGDM_DATASET', 'toy')
    (tmp_path / 'toy').mkdir()
    torch.manual_seed(0)
    torch.save(build_clip('mgdm-tiny').state_dict(), tmp_path / 'toy' / 'clip.pt')
    clips = torch.randn(1, 8, 3, 64, 64)
    found = []
    for name in ('baselines/vificlip.py', 'toy/clip_zero_shot_toy.py'):
        cfg = Config.fromfile(str(CONFIGS / name)).model
        cfg.cls_head.classes = CLASSES
        model = MODELS.build(cfg)
        model.init_weights()
        with torch.no_grad():
            found.append(model.eval()(clips))
    torch.testing.assert_close(*found)


def build(seed):
    return tiny_model(seed, **CLASSIFIER).double()


def batch():
    return tiny_batch(4, 2, dtype=torch.float64)


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    assert_two_equal_one(build, batch, tmp_path)
