"""ASU: where it starts, what it keeps of CLIP, and what can be exchanged."""

import re

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

from mgdm_mmaction import MGDMError
from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.models.layers import unit_bank
from mgdm_mmaction.models.layers.unit_bank import UnitBank
from mgdm_mmaction.models.necks.semantic_unit_decoder import select_units
from mgdm_mmaction.units import Unit, UnitsFile
from tests.models.tiny import CLASSES, NUM_FRAMES, tiny_batch
from tests.models.two_processes import assert_two_equal_one

UNITS = UnitsFile(
    'tiny',
    [
        Unit('leg', 'body', '', ('running fast', 'jumping')),
        Unit('hand', 'body', 'with fingers', ('clapping',)),
        Unit('door', 'object', '', ('opening door', 'closing door')),
        Unit('hallway', 'scene'),
        Unit('opening', 'motion', '', ('opening door',)),
        Unit('closing', 'motion', '', ('closing door',)),
        Unit('running', 'motion', '', ('running fast',)),
    ],
)
OTHERS = UnitsFile('others', [Unit('water'), Unit('swimming', 'motion'), Unit('leg', 'body')])


def asu_model(seed=0, trained=False, **changes):
    """Build the model; ``trained`` lets the decoder take part, which it does not at first."""
    torch.manual_seed(seed)
    config = dict(
        type='ASU',
        backbone=dict(type='CLIPBackbone', arch='mgdm-tiny'),
        neck=dict(type='SemanticUnitDecoder', embed_dims=128, num_frames=NUM_FRAMES, num_layers=1),
        cls_head=dict(type='HardNegativeTextHead', arch='mgdm-tiny', classes=CLASSES),
        units=dict(file=UNITS),
        regions=dict(num_regions=3),
    )
    for part, change in changes.items():
        config[part] = {**config[part], **change} if isinstance(config.get(part), dict) else change
    model = MODELS.build(config)
    model.init_weights()
    if trained:
        with torch.no_grad():
            for module in (model.neck, model.regions):
                for parameter in module.parameters():
                    parameter.add_(0.1 * torch.randn_like(parameter))
            model.neck.gamma.fill_(0.5)
    return model


@pytest.mark.parametrize('mode', ['last_block', 'pool'])
def test_starts_as_clip_with_a_mean_over_frames(mode):
    model = asu_model(regions=dict(mode=mode)).eval()
    inputs, _ = tiny_batch(2, num_views=2)
    with torch.no_grad():
        frames = F.normalize(model.backbone(inputs.flatten(0, 1)), dim=-1).view(2, 2, 2, 128)
        video = F.normalize(frames.mean(2), dim=-1)
        texts = F.normalize(model.text_bank.class_texts(), dim=-1)
        expected = model.cls_head.scale() * video @ texts.t()
        torch.testing.assert_close(model(inputs), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('mode', ['last_block', 'pool'])
def test_regions_leave_the_global_feature(mode, training):
    model = asu_model(trained=True, regions=dict(mode=mode)).train(training)
    with torch.no_grad():
        model.regions.tokens.mul_(20)
        images = torch.randn(3, 3, 64, 64)
        features = model.regions(model.backbone, images)
        torch.testing.assert_close(features[:, 0], model.backbone(images), atol=1e-5, rtol=1e-5)
    assert features.shape == (3, 4, 128)
    assert (features[:, 1] - features[:, 2]).abs().mean() > 1e-3


def test_a_bias_moves_a_region_to_its_patch():
    """In evaluation too, where PyTorch takes another path through attention."""
    model = asu_model().eval()
    with torch.no_grad():
        model.regions.bias.fill_(-1e4)
        model.regions.bias[:, 5] = 1e4
        images, places = torch.randn(2, 3, 64, 64), []
        before = model.regions(model.backbone, images, places)
        images[..., 16:32, 16:32] += 1  # patch 5 of 4 x 4
        other = model.regions(model.backbone, images)
        with_grad = model.regions.train()(model.backbone, images)
    assert (other - before)[:, 1:].abs().max() > 1e-3
    torch.testing.assert_close(places[0][:, 1:, 5], torch.ones(2, 3))
    torch.testing.assert_close(other, with_grad, atol=1e-5, rtol=1e-5)


def test_no_parameter_knows_the_number_of_units_or_classes():
    shapes = {name: p.shape for name, p in asu_model().named_parameters()}
    other = asu_model(units=dict(file=OTHERS), cls_head=dict(classes=CLASSES[:3]))
    assert shapes == {name: p.shape for name, p in other.named_parameters()}


def test_units_and_classes_are_exchanged(tmp_path, monkeypatch):
    torch.manual_seed(0)
    clip = tmp_path / 'clip.pt'
    torch.save(build_clip('mgdm-tiny').state_dict(), clip)
    weights = dict(cls_head=dict(pretrained=str(clip)), backbone=dict(pretrained=str(clip)))
    model = asu_model(trained=True, **weights).eval()
    other = asu_model(trained=True, units=dict(file=OTHERS), **weights).eval()
    inputs, _ = tiny_batch(2)
    state = model.state_dict()
    # Fine-tuning on other units: all but the units comes from the checkpoint.
    other.load_state_dict(state)
    before = model.units.of_classes(CLASSES)
    model.set_units(OTHERS)
    # The answer for the units of before is not given for these.
    assert model.units.of_classes(CLASSES).shape == (len(CLASSES), 3)
    assert before.shape[1] != 3
    with torch.no_grad():
        found = model.explain(inputs)
        torch.testing.assert_close(found.logits, other(inputs))
        assert found.weights['units'].values.shape == (2, 1, NUM_FRAMES, 4, 3)
        assert found.weights['units'].names == ['water', 'swimming', 'leg']
        model.set_classes(CLASSES[3:])
        assert model(inputs).shape == (2, 1, 2)
    # For testing alone, other units are to be asked for.
    new = asu_model(units=dict(file=OTHERS), **weights)
    new.units.ready = False
    with pytest.raises(MGDMError, match='other semantic units'):
        new.load_state_dict(state)
    # Where the file is not at hand, the checkpoint has them.
    absent = asu_model(**weights)
    missing = ('/nowhere/units.json', 'mgdm-tiny', str(clip))
    absent.units.__init__(*missing)
    with pytest.raises(MGDMError, match='does not exist'):
        absent.units.init_weights()
    said = []
    monkeypatch.setattr(unit_bank, 'print_log', lambda *args: said.append(args[0]))
    absent.load_state_dict(state)
    assert absent.units.names == [unit.name for unit in UNITS.units]
    (line,) = said
    assert '\n' not in line
    assert re.search(r'/nowhere/units\.json.* The 7 units of the checkpoint are used', line)
    # Where others are asked for, it has to be there.
    with pytest.raises(MGDMError, match='does not exist'):
        UnitBank(*missing, open_vocabulary=True)
    with pytest.raises(MGDMError, match="'tool' is unknown"):
        UnitBank('toy', 'mgdm-tiny', kinds=['tool'])


def test_explains_by_frame_and_region():
    model = asu_model(trained=True).eval()
    inputs, _ = tiny_batch(2, num_views=2)
    found = model.explain(inputs)
    torch.testing.assert_close(found.logits, model(inputs))
    units = found.weights['units']
    assert units.values.shape == (2, 2, NUM_FRAMES, 4, len(UNITS.units))
    torch.testing.assert_close(units.values.sum(-1), torch.ones(2, 2, NUM_FRAMES, 4))
    assert units.names[1] == 'hand'
    # What fits both the video and the class.
    texts = F.normalize(model.units.class_texts(), dim=-1)
    shares = units.values[0, 1].mean((0, 1)) * (
        model.class_texts()[2] @ texts.t() / model.neck.log_tau.exp()
    ).softmax(-1)
    found = found.weights['class_units'].values
    torch.testing.assert_close(found[0, 1, 2], (shares / shares.sum()).detach())


@pytest.mark.parametrize(
    'regions', [dict(mode='last_block'), dict(mode='pool'), dict(num_regions=0)], ids=str
)
def test_explains_where_frame_and_regions_look(regions):
    model = asu_model(trained=True, regions=regions).eval()
    inputs, _ = tiny_batch(1, num_views=2)
    block = model.backbone.visual.transformer.resblocks[-1]
    seen = []
    handle = block.ln_1.register_forward_hook(lambda *args: seen.append(args[-1][-1]))
    found = model.explain(inputs).weights['places'].values
    handle.remove()
    count = 1 + model.regions.num_regions
    assert found.shape == (1, 2, NUM_FRAMES, count, 4, 4)
    torch.testing.assert_close(found.sum((-2, -1)), torch.ones(1, 2, NUM_FRAMES, count))
    # The class token of the last frame, by hand.
    width, heads = seen[0].shape[-1], block.attn.num_heads
    rows = seen[0] @ block.attn.in_proj_weight.t() + block.attn.in_proj_bias
    query, key = (rows[:, i * width : (i + 1) * width].unflatten(1, (heads, -1)) for i in (0, 1))
    scores = torch.einsum('hd,lhd->hl', query[0], key[:17]) / query.shape[-1] ** 0.5
    patches = scores.softmax(-1).mean(0)[1:].detach()
    torch.testing.assert_close(found[0, 1, -1, 0].flatten(), patches / patches.sum())


def test_selections():
    features, units = F.normalize(torch.randn(5, 8), dim=-1), F.normalize(torch.randn(6, 8), dim=-1)
    tau = torch.tensor(0.05)
    soft = select_units(features, units, tau)
    torch.testing.assert_close(soft, ((features @ units.t()) / 0.05).softmax(-1))
    best = select_units(features, units, tau, 'topk', 2)
    assert ((best > 0).sum(-1) == 2).all()
    hard = select_units(features.requires_grad_(), units, tau, 'straight_through')
    torch.testing.assert_close(hard, F.one_hot(soft.argmax(-1), 6).float())
    (hard * torch.randn(5, 6)).sum().backward()
    assert features.grad.abs().sum() > 0


def test_loss_over_all_classes_with_soft_targets():
    model = asu_model(trained=True)
    inputs, samples = tiny_batch(4, num_negatives=0)
    hard = model(inputs, samples, mode='loss')
    logits = model(inputs)[:, 0]
    labels = torch.cat([sample.gt_label for sample in samples])
    expected = F.cross_entropy(logits, labels, label_smoothing=0.1)
    torch.testing.assert_close(hard['loss_cls'], expected)
    soft = [ActionDataSample().set_gt_label(F.one_hot(label, 5).float()) for label in labels]
    torch.testing.assert_close(model(inputs, soft, mode='loss')['loss_cls'], expected)
    wrong = [ActionDataSample().set_gt_label(torch.ones(7) / 7)]
    with pytest.raises(MGDMError, match='has 7 classes, but the model has 5'):
        model(inputs[:1], wrong, mode='loss')


def test_mmaction2_blends_the_batch():
    blending = dict(type='MixupBlending', num_classes=5, alpha=0.8)
    model = asu_model(
        data_preprocessor=dict(
            type='ActionDataPreprocessor', format_shape='NCHW', blending=blending
        )
    )
    inputs, samples = tiny_batch(4, num_negatives=0)
    data = model.data_preprocessor(dict(inputs=list(inputs), data_samples=samples), True)
    assert data['data_samples'][0].gt_label.shape == (5,)
    assert model(**data, mode='loss')['loss_cls'].isfinite()
    model.contrastive = torch.nn.Identity()
    with pytest.raises(MGDMError, match=r'leave out data_preprocessor\.blending'):
        model(**data, mode='loss')


def test_options_of_the_loss():
    model = asu_model(
        trained=True, contrastive=dict(type='AugmentedContrastiveLoss'), unit_loss_weight=0.1
    )
    inputs, samples = tiny_batch(3)
    losses = model(inputs, samples, mode='loss')
    assert {'loss_cls', 'loss_contrastive', 'loss_units'} <= losses.keys()
    attention = model.decode(inputs)[1].mean((1, 2, 3))
    wanted = 0.0
    for row, sample in zip(attention, samples, strict=True):
        name = CLASSES[int(sample.gt_label)]
        share = sum(row[i] for i, unit in enumerate(UNITS.units) if name in unit.actions)
        wanted -= 0.1 * share.log() / 3
    torch.testing.assert_close(losses['loss_units'], wanted)


@pytest.mark.parametrize(
    'changes',
    [
        {},
        dict(regions=dict(num_regions=0)),
        dict(regions=dict(mode='pool'), backbone=dict(frozen_stages='all')),
        dict(neck=dict(num_layers=0, selection='topk', topk=2)),
        dict(neck=dict(query='learned')),
        dict(units=dict(file=UNITS, kinds=('body', 'motion'))),
    ],
)
def test_the_loss_reaches_every_parameter(changes):
    model = asu_model(trained=True, **changes).train()
    inputs, samples = tiny_batch(2)
    losses = model(inputs, samples, mode='loss')
    losses['loss_cls'].backward()
    missed = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
    assert not missed


def test_the_folded_model_scores_the_same():
    model = asu_model(trained=True).eval()
    inputs, _ = tiny_batch(2)
    with torch.no_grad():
        expected = model(inputs)[:, 0]
        folded = model.folded()
        torch.testing.assert_close(folded(inputs), expected)
    assert not any('text_bank' in name for name in folded.state_dict())


def build(seed):
    return asu_model(
        seed,
        trained=True,
        contrastive=dict(type='AugmentedContrastiveLoss'),
        unit_loss_weight=0.1,
    ).double()


def batch():
    return tiny_batch(4, 2, dtype=torch.float64)


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    assert_two_equal_one(build, batch, tmp_path)
