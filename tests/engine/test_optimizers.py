"""Learning rate and weight decay of every parameter, by both constructors, against plain rules."""

import re

import pytest
from mmaction.registry import MODELS
from mmengine.optim import build_optim_wrapper
from torch import nn

from mgdm_mmaction.errors import MGDMError
from tests.configs.walk import read_config
from tests.models.tiny import tiny_config

LR, DECAY, RATE, NUM_BLOCKS = 2.0, 0.2, 0.5, 3
PARTS, LAYERS = 'MGDMOptimWrapperConstructor', 'LayerDecayOptimWrapperConstructor'
MMPRETRAIN = 'mmpretrain.LearningRateDecayOptimWrapperConstructor'
BACKBONE = dict(backbone=dict(lr_mult=0.1))
VECTORS = dict(norm_decay_mult=0.0, bias_decay_mult=0.0)
# What lies directly in a module of ours or of open_clip, and not in a layer of torch. Positions are
# matrices, [tokens, D] and [T, D], and are decayed; a class token is a vector, the scale a scalar.
BY_NAME = {
    'backbone.visual.class_embedding': False,
    'backbone.visual.positional_embedding': True,
    'backbone.visual.proj': True,
    'neck.positions': True,
    'cls_head.logit_scale': False,
}


def tiny(frozen=-1):
    return MODELS.build(tiny_config(backbone=dict(frozen_stages=frozen)))


def build(model, constructor, optimizer=None, **paramwise):
    optimizer = optimizer or dict(type='AdamW', lr=LR, weight_decay=DECAY)
    if 'Decay' in constructor:
        paramwise.setdefault('layer_decay_rate', RATE)
    cfg = dict(constructor=constructor, optimizer=optimizer)
    return build_optim_wrapper(model, {**cfg, 'paramwise_cfg': paramwise} if paramwise else cfg)


def settings(wrapper, model):
    """Parameter name -> (lr, weight decay)."""
    names = {id(param): name for name, param in model.named_parameters()}
    found = {}
    for group in wrapper.optimizer.param_groups:
        for param in group['params']:
            assert names[id(param)] not in found, 'no parameter is in two groups'
            found[names[id(param)]] = (group['lr'], group['weight_decay'])
    return found


def decayed(model):
    """Parameter name -> whether it is decayed, from the class of the module that holds it."""
    found = {}
    for prefix, module in model.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            full = f'{prefix}.{name}'
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                found[full] = name == 'weight'
            elif isinstance(module, nn.MultiheadAttention):
                found[full] = name == 'in_proj_weight'
            else:
                found[full] = not isinstance(module, nn.LayerNorm) and BY_NAME[full]
    return found


def rate(name, constructor, backbone=0.1, lr=LR):
    """By hand: depth 0 for the stem, i + 1 for block i; all the rest is at the full rate."""
    lr *= backbone if name.startswith('backbone.') else 1.0
    if constructor == PARTS:
        return lr
    block = re.fullmatch(r'backbone\.visual\.transformer\.resblocks\.(\d+)\..*', name)
    if block:
        return lr * RATE ** (NUM_BLOCKS - int(block[1]))
    stem = r'backbone\.visual\.(conv1|class_embedding|positional_embedding|ln_pre)\b'
    return lr * RATE ** (NUM_BLOCKS + 1) if re.match(stem, name) else lr


def check(model, found, constructor, backbone=0.1, lr=LR, decay=DECAY):
    with_decay = decayed(model)
    trained = {name for name, param in model.named_parameters() if param.requires_grad}
    assert found.keys() == trained
    for name, (found_lr, found_decay) in found.items():
        assert found_lr == pytest.approx(rate(name, constructor, backbone, lr)), name
        assert found_decay == (decay if with_decay[name] else 0.0), name


@pytest.mark.parametrize('frozen', [-1, 1, 'all_but_norm', 'all'])
@pytest.mark.parametrize('constructor', [PARTS, LAYERS])
def test_the_recipe_of_the_configs(constructor, frozen):
    recipe = read_config('mgdm_k400.py').optim_wrapper.to_dict()
    lr, decay = recipe['optimizer']['lr'], recipe['optimizer']['weight_decay']
    model = tiny(frozen)
    wrapper = build(model, constructor, recipe['optimizer'], **recipe['paramwise_cfg'])
    assert (decay, recipe['paramwise_cfg']['custom_keys']) == (DECAY, BACKBONE)
    check(model, settings(wrapper, model), constructor, lr=lr)
    # Two groups of a rate at most, with and without decay.
    depths = 1 if constructor == PARTS else NUM_BLOCKS + 2
    assert len(wrapper.optimizer.param_groups) <= 2 * (depths + 1)


@pytest.mark.parametrize('constructor', [PARTS, LAYERS])
def test_without_options_and_with_decay_left_to_the_optimizer(constructor):
    """AdamW's own is 0.01; it is for matrices, too."""
    model = tiny()
    check(model, settings(build(model, constructor), model), constructor, backbone=1.0)
    wrapper = build(model, constructor, dict(type='AdamW', lr=LR), custom_keys=BACKBONE)
    check(model, settings(wrapper, model), constructor, decay=0.01)
    wrapper = build(model, constructor, dict(type='SGD', lr=LR))
    check(model, settings(wrapper, model), constructor, backbone=1.0, decay=0)


def test_custom_keys():
    model = tiny()
    keys = {
        **BACKBONE,
        'backbone.visual.proj': dict(lr_mult=3.0, decay_mult=0.5),
        'cls_head': dict(decay_mult=0.5),
        'neck': dict(decay_mult=0.0),
    }
    found = settings(build(model, LAYERS, custom_keys=keys), model)
    assert found['backbone.visual.proj'] == (pytest.approx(3 * LR), DECAY / 2)
    assert found['backbone.visual.conv1.weight'] == (pytest.approx(0.1 * LR / 16), DECAY)
    assert found['neck.positions'] == (LR, 0.0)
    found = settings(build(model, PARTS, custom_keys=keys), model)
    block = 'cls_head.discriminator.blocks.resblocks.0.attn'
    assert found[f'{block}.in_proj_weight'] == (LR, DECAY / 2)
    assert found[f'{block}.in_proj_bias'] == (LR, 0.0)


def test_the_faults_of_the_stock_constructors():
    model = tiny()
    found = settings(
        build(model, 'DefaultOptimWrapperConstructor', custom_keys=BACKBONE, **VECTORS), model
    )
    assert found['backbone.visual.ln_post.bias'] == (pytest.approx(0.1 * LR), DECAY)
    with pytest.raises(KeyError, match='weight_decay'):
        build(model, MMPRETRAIN, dict(type='AdamW', lr=LR))
    vectors = dict(VECTORS, flat_decay_mult=0.0)
    found = settings(build(model, MMPRETRAIN, custom_keys=BACKBONE, **vectors), model)
    assert found['backbone.visual.ln_post.bias'] == (LR, DECAY)  # neither lr_mult nor norm rule
    # Without keys it is right but for a scalar.
    found = settings(build(model, MMPRETRAIN, **vectors), model)
    assert found.pop('cls_head.logit_scale') == (LR, DECAY)
    model.cls_head.logit_scale.requires_grad_(False)
    check(model, found, LAYERS, backbone=1.0)


@pytest.mark.parametrize('rate', [None, 0, 1.5, '0.7', True])
def test_bad_rates(rate):
    with pytest.raises(MGDMError, match=r'layer_decay_rate should be a number in \(0, 1\]'):
        build(nn.Linear(2, 2), LAYERS, layer_decay_rate=rate)


def test_models_that_do_not_fit():
    with pytest.raises(MGDMError, match='Linear has no method `get_layer_depth`'):
        build(nn.Linear(2, 2), LAYERS)
    with pytest.raises(MGDMError, match=r'optimizer\.lr is missing'):
        build(nn.Linear(2, 2), LAYERS, dict(type='AdamW'))
