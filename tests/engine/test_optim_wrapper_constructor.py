"""Learning rate and weight decay of every parameter, group by group."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

import mgdm_mmaction.engine  # noqa: F401


class Net(nn.Module):
    """A backbone and a head with all kinds of parameters."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(3, 4, 2), nn.LayerNorm(4), nn.Linear(4, 4))
        self.backbone.class_token = nn.Parameter(torch.zeros(4))
        self.backbone[2].weight.requires_grad_(False)
        self.head = nn.Sequential(nn.Linear(4, 5), nn.LayerNorm(5))
        self.scale = nn.Parameter(torch.tensor(1.0))


def build(model, paramwise_cfg=None, constructor='mmaction.MGDMOptimWrapperConstructor', **options):
    cfg = dict(
        constructor=constructor,
        optimizer={'type': 'AdamW', 'lr': 1.0, 'weight_decay': 0.2, **options},
    )
    if paramwise_cfg is not None:
        cfg['paramwise_cfg'] = paramwise_cfg
    return build_optim_wrapper(model, cfg)


def settings(wrapper, model):
    """Parameter name -> (lr, weight decay)."""
    names = {id(param): name for name, param in model.named_parameters()}
    found = {}
    for group in wrapper.optimizer.param_groups:
        for param in group['params']:
            assert id(param) in names
            assert names[id(param)] not in found
            found[names[id(param)]] = (group['lr'], group['weight_decay'])
    return found


EXPECTED = {
    'backbone.0.weight': (0.1, 0.2),
    'backbone.0.bias': (0.1, 0.0),
    'backbone.1.weight': (0.1, 0.0),
    'backbone.1.bias': (0.1, 0.0),
    'backbone.2.bias': (0.1, 0.0),
    'backbone.class_token': (0.1, 0.0),
    'head.0.weight': (1.0, 0.2),
    'head.0.bias': (1.0, 0.0),
    'head.1.weight': (1.0, 0.0),
    'head.1.bias': (1.0, 0.0),
    'scale': (1.0, 0.0),
}


def test_custom_keys_and_no_decay_of_vectors_both_hold():
    model = Net()
    wrapper = build(model, dict(custom_keys={'backbone': dict(lr_mult=0.1)}))
    assert settings(wrapper, model) == EXPECTED


def test_the_fault_of_the_default_constructor():
    model = Net()
    rules = dict(
        custom_keys={'backbone': dict(lr_mult=0.1)}, norm_decay_mult=0.0, bias_decay_mult=0.0
    )
    wrapper = build(model, rules, constructor='DefaultOptimWrapperConstructor')
    assert settings(wrapper, model)['backbone.0.bias'] == (0.1, 0.2)


@pytest.mark.parametrize('paramwise_cfg', [None, {}])
def test_without_options(paramwise_cfg):
    model = Net()
    found = settings(build(model, paramwise_cfg), model)
    assert found == {name: (1.0, decay) for name, (_, decay) in EXPECTED.items()}


def test_decay_mult_is_for_matrices():
    model = Net()
    found = settings(build(model, dict(custom_keys={'head': dict(decay_mult=0.5)})), model)
    assert found['head.0.weight'] == (1.0, 0.1)
    assert found['head.0.bias'] == (1.0, 0.0)


def test_parameters_of_the_same_settings_share_a_group():
    model = Net()
    wrapper = build(model, dict(custom_keys={'backbone': dict(lr_mult=0.1)}))
    assert len(wrapper.optimizer.param_groups) == 4


def test_optimizer_without_weight_decay():
    model = Net()
    cfg = dict(
        constructor='mmaction.MGDMOptimWrapperConstructor', optimizer=dict(type='SGD', lr=1.0)
    )
    found = settings(build_optim_wrapper(model, cfg), model)
    assert set(found.values()) == {(1.0, 0)}
    assert 'backbone.2.weight' not in found


def test_weight_decay_that_is_left_to_the_optimizer():
    """AdamW's own is 0.01; it is for matrices, too."""
    model = Net()
    cfg = dict(
        constructor='mmaction.MGDMOptimWrapperConstructor', optimizer=dict(type='AdamW', lr=1.0)
    )
    found = settings(build_optim_wrapper(model, cfg), model)
    assert found == {name: (1.0, decay and 0.01) for name, (_, decay) in EXPECTED.items()}
