"""Which parameters weight decay reaches: told by the kind of module, not by the shape."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.optim import build_optim_wrapper
from torch import nn

import mgdm_mmaction  # noqa: F401
from tests.configs.walk import read_config
from tests.models.tiny import tiny_config

CONSTRUCTORS = ['MGDMOptimWrapperConstructor', 'LayerDecayOptimWrapperConstructor']
# What lies directly in a module of ours or of open_clip, and not in a layer of torch. Positions are
# matrices, [tokens, D] and [T, D], and are decayed; a class token is a vector, the scale a scalar.
BY_NAME = {
    'backbone.visual.class_embedding': False,
    'backbone.visual.positional_embedding': True,
    'backbone.visual.proj': True,
    'neck.positions': True,
    'cls_head.logit_scale': False,
}


def expected_decay(model):
    """Parameter name -> whether it is decayed, from the class of the module that holds it."""
    found = {}
    for prefix, module in model.named_modules():
        for name, _ in module.named_parameters(recurse=False):
            full = f'{prefix}.{name}'
            if isinstance(module, (nn.Linear, nn.Conv2d)):
                found[full] = name == 'weight'
            elif isinstance(module, nn.MultiheadAttention):
                found[full] = name == 'in_proj_weight'
            elif isinstance(module, nn.LayerNorm):
                found[full] = False
            else:
                found[full] = BY_NAME[full]
    return found


def wrapper_of(model, constructor, recipe):
    recipe = dict(recipe, constructor=constructor)
    if constructor.startswith('LayerDecay'):
        recipe['paramwise_cfg'] = dict(recipe['paramwise_cfg'], layer_decay_rate=0.7)
    return build_optim_wrapper(model, recipe)


@pytest.mark.parametrize('frozen', [-1, 1, 'all_but_norm', 'all'])
@pytest.mark.parametrize('constructor', CONSTRUCTORS)
def test_the_recipe_of_the_configs(constructor, frozen):
    recipe = read_config('mgdm_k400.py').optim_wrapper.to_dict()
    decay = recipe['optimizer']['weight_decay']
    assert decay == 0.2
    model = MODELS.build(tiny_config(backbone=dict(frozen_stages=frozen)))
    expected = expected_decay(model)
    names = {id(param): name for name, param in model.named_parameters()}
    assert set(expected) == set(names.values())

    groups = wrapper_of(model, constructor, recipe).optimizer.param_groups
    found = {}
    for group in groups:
        inside = {names[id(param)] for param in group['params']}
        assert not inside & set(found), 'no parameter is in two groups'
        assert {expected[name] for name in inside} == {group['weight_decay'] == decay}, inside
        assert group['weight_decay'] in (0.0, decay)
        # A group is of one part: the head never shares the tower's rate.
        rates = {name.startswith('backbone.') for name in inside}
        assert len(rates) == 1 or constructor.startswith('LayerDecay')
        found.update(dict.fromkeys(inside, group['lr']))
    assert set(found) == {name for name, param in model.named_parameters() if param.requires_grad}
    lr = recipe['optimizer']['lr']
    ratio = recipe['paramwise_cfg']['custom_keys']['backbone']['lr_mult']
    assert ratio == 0.1
    # `proj` lies behind the last block, so both constructors give it the ratio and nothing else.
    for name in ('backbone.visual.proj', 'neck.positions', 'cls_head.logit_scale'):
        if name in found:
            assert found[name] == pytest.approx(lr * (ratio if 'backbone' in name else 1))


@pytest.mark.parametrize('constructor', CONSTRUCTORS)
def test_what_decay_does_to_the_weights(constructor):
    """With gradients of zero AdamW only decays: p - lr * decay * p, or nothing at all."""
    model = MODELS.build(tiny_config())
    recipe = dict(
        optimizer=dict(type='AdamW', lr=0.5, weight_decay=0.2),
        paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
    )
    wrapper = wrapper_of(model, constructor, recipe)
    before = {name: param.detach().clone() for name, param in model.named_parameters()}
    for param in model.parameters():
        param.grad = torch.zeros_like(param)
    wrapper.step()
    changed = {
        name for name, param in model.named_parameters() if not torch.equal(param, before[name])
    }
    assert changed == {name for name, decayed in expected_decay(model).items() if decayed}
    torch.testing.assert_close(model.neck.positions, before['neck.positions'] * (1 - 0.5 * 0.2))
    torch.testing.assert_close(
        model.backbone.visual.proj, before['backbone.visual.proj'] * (1 - 0.05 * 0.2)
    )
