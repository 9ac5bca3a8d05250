"""Mixed precision without CUDA."""

import pytest
import torch
from mmaction.registry import OPTIM_WRAPPERS
from torch import nn

import mgdm_mmaction.engine  # noqa: F401


def wrapper(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return OPTIM_WRAPPERS.build(
        dict(type='CPUAmpOptimWrapper'), default_args=dict(optimizer=optimizer)
    )


def test_bfloat16_inside_and_float32_weights():
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    optim = wrapper(model)
    with optim.optim_context(model):
        out = model(torch.ones(1, 3))
    assert out.dtype == torch.bfloat16
    assert not torch.is_autocast_enabled('cpu')
    optim.update_params(out.float().sum())
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, before - 0.1)


def test_state_of_a_run_with_loss_scaling_loads():
    model = nn.Linear(3, 2)
    state = wrapper(model).state_dict()
    wrapper(model).load_state_dict({**state, 'loss_scaler': {'scale': 65536.0}})


@pytest.mark.skipif(torch.cuda.is_available(), reason='the fault is one of machines without CUDA')
def test_the_fault_of_amp_optim_wrapper():
    with pytest.raises(AssertionError, match='only available'):
        OPTIM_WRAPPERS.build(
            dict(type='AmpOptimWrapper'),
            default_args=dict(optimizer=torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)),
        )
