"""Layer-wise learning rates of every parameter of MGDM, by MMPretrain's constructor and by ours."""

import re

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.optim import build_optim_wrapper
from torch import nn

from mgdm_mmaction.errors import MGDMError
from tests.models.tiny import tiny_config

LR, DECAY, RATE, NUM_BLOCKS = 2.0, 0.2, 0.5, 3


def build(model, constructor='LayerDecayOptimWrapperConstructor', decay=DECAY, **paramwise):
    optimizer = dict(type='AdamW', lr=LR)
    if decay is not None:
        optimizer['weight_decay'] = decay
    return build_optim_wrapper(
        model, dict(constructor=constructor, optimizer=optimizer, paramwise_cfg=paramwise)
    )


def settings(wrapper, model):
    """Parameter name -> (lr, weight decay)."""
    names = {id(param): name for name, param in model.named_parameters()}
    found = {}
    for group in wrapper.optimizer.param_groups:
        for param in group['params']:
            assert names[id(param)] not in found
            found[names[id(param)]] = (group['lr'], group['weight_decay'])
    return found


def expected_lr(name, backbone=1.0):
    """By hand: depth 0 for the stem, i + 1 for block i; all the rest is at the full rate."""
    rate = LR * (backbone if name.startswith('backbone.') else 1.0)
    block = re.fullmatch(r'backbone\.visual\.transformer\.resblocks\.(\d+)\..*', name)
    if block:
        return rate * RATE ** (NUM_BLOCKS - int(block[1]))
    if re.match(r'backbone\.visual\.(conv1|class_embedding|positional_embedding|ln_pre)\b', name):
        return rate * RATE ** (NUM_BLOCKS + 1)
    return rate


def check(found, model, backbone=1.0, decay=DECAY):
    trainable = {n: p for n, p in model.named_parameters() if p.requires_grad}
    assert found.keys() == trainable.keys()
    for name, param in trainable.items():
        assert found[name][0] == pytest.approx(expected_lr(name, backbone)), name
        assert found[name][1] == (decay if param.ndim > 1 else 0.0), name


@pytest.mark.parametrize('lr_mult', [None, 0.1])
@pytest.mark.parametrize('frozen', [-1, 0, 2, 'all_but_norm', 'all'])
def test_every_parameter(frozen, lr_mult):
    model = MODELS.build(tiny_config(backbone=dict(frozen_stages=frozen, freeze_proj=True)))
    custom = {} if lr_mult is None else dict(custom_keys=dict(backbone=dict(lr_mult=lr_mult)))
    wrapper = build(model, layer_decay_rate=RATE, **custom)
    check(settings(wrapper, model), model, lr_mult or 1.0)
    # A depth has two groups at most, with and without decay.
    assert len(wrapper.optimizer.param_groups) <= 2 * (NUM_BLOCKS + 2) + 1


def test_custom_keys():
    model = MODELS.build(tiny_config())
    keys = {
        'backbone': dict(lr_mult=0.1),
        'backbone.visual.proj': dict(lr_mult=3.0, decay_mult=0.5),
        'neck': dict(decay_mult=0.0),
    }
    found = settings(build(model, layer_decay_rate=RATE, custom_keys=keys), model)
    assert found['backbone.visual.proj'] == (pytest.approx(3 * LR), DECAY / 2)
    assert found['backbone.visual.conv1.weight'] == (pytest.approx(0.1 * LR / 16), DECAY)
    assert found['neck.positions'] == (LR, 0.0)


def test_weight_decay_that_is_left_to_the_optimizer():
    """AdamW's own is 0.01, and vectors have none then either. MMPretrain's constructor fails."""
    model = MODELS.build(tiny_config())
    options = dict(layer_decay_rate=RATE, custom_keys=dict(backbone=dict(lr_mult=0.1)))
    check(settings(build(model, decay=None, **options), model), model, 0.1, decay=0.01)
    with pytest.raises(KeyError, match='weight_decay'):
        build(model, 'mmpretrain.LearningRateDecayOptimWrapperConstructor', None, **options)


@pytest.mark.parametrize('frozen', [-1, 2])
def test_mmpretrains_own_constructor(frozen):
    """It builds from MMAction2's registry; with all options for vectors one scalar is decayed."""
    model = MODELS.build(tiny_config(backbone=dict(frozen_stages=frozen)))
    name = 'mmpretrain.LearningRateDecayOptimWrapperConstructor'
    vectors = dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0)
    found = settings(build(model, name, layer_decay_rate=RATE, **vectors), model)
    assert found.pop('cls_head.logit_scale') == (LR, DECAY)  # a fault: ours has 0
    model.cls_head.logit_scale.requires_grad_(False)
    check(found, model)


def test_the_faults_of_mmpretrains_constructor():
    model = MODELS.build(tiny_config())
    found = settings(
        build(
            model,
            'mmpretrain.LearningRateDecayOptimWrapperConstructor',
            layer_decay_rate=RATE,
            norm_decay_mult=0.0,
            bias_decay_mult=0.0,
            flat_decay_mult=0.0,
            custom_keys=dict(backbone=dict(lr_mult=0.1)),
        ),
        model,
    )
    assert found['backbone.visual.ln_post.bias'] == (LR, DECAY)  # neither lr_mult nor norm rule


@pytest.mark.parametrize('rate', [None, 0, 1.5, '0.7', True])
def test_bad_rates(rate):
    paramwise = {} if rate is None else dict(layer_decay_rate=rate)
    with pytest.raises(MGDMError, match=r'layer_decay_rate should be a number in \(0, 1\]'):
        build(MODELS.build(tiny_config()), **paramwise)


def test_models_that_do_not_fit():
    with pytest.raises(MGDMError, match='Linear has no method `get_layer_depth`'):
        build(nn.Linear(2, 2), layer_decay_rate=0.5)
    with pytest.raises(MGDMError, match=r'optimizer\.lr is missing'):
        build_optim_wrapper(
            nn.Linear(2, 2),
            dict(
                constructor='LayerDecayOptimWrapperConstructor',
                optimizer=dict(type='AdamW'),
                paramwise_cfg=dict(layer_decay_rate=0.5),
            ),
        )


def test_the_optimizer_steps_by_these_rates():
    """AdamW's first step moves every element by its rate, so the weights themselves tell."""
    model = MODELS.build(tiny_config())
    wrapper = build(model, decay=0.0, layer_decay_rate=RATE)
    before = {name: param.detach().clone() for name, param in model.named_parameters()}
    for param in model.parameters():
        param.grad = torch.ones_like(param)
    wrapper.step()
    for name, param in model.named_parameters():
        torch.testing.assert_close(
            before[name] - param.detach(),
            torch.full_like(param, expected_lr(name)),
            atol=1e-4,
            rtol=1e-4,
        )
