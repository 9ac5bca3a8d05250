"""Accumulated batches: the loss is the mean of their own, and the learning rate counts them all."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner

from tests.engine.tiny_run import tiny_run_cfg, tiny_train
from tests.models.tiny import tiny_batch, tiny_model


def gradients(model):
    return {name: param.grad.clone() for name, param in model.named_parameters()}


def accumulated_gradients(batches):
    model = tiny_model()
    optimizer = dict(optimizer=dict(type='SGD', lr=0.0), accumulative_counts=len(batches))
    wrapper = build_optim_wrapper(model, optimizer)
    wrapper.initialize_count_status(model, 0, 2 * len(batches))
    found = {}
    wrapper.zero_grad = lambda **_: found.update(gradients(model))  # called after the step
    for inputs, samples in batches:
        assert not found, 'no step before the last batch'
        with wrapper.optim_context(model):
            loss = model.loss(inputs, samples)['loss_contrastive']
        wrapper.update_params(loss)
    return found


def plain_gradients(inputs, samples):
    model = tiny_model()
    model.loss(inputs, samples)['loss_contrastive'].backward()
    return gradients(model)


def test_the_mean_of_the_batches_and_not_the_loss_of_their_union():
    batches = [tiny_batch(3, seed=seed) for seed in (1, 2)]
    accumulated = accumulated_gradients(batches)
    single = [plain_gradients(*batch) for batch in batches]
    for name, grad in accumulated.items():
        torch.testing.assert_close(grad, (single[0][name] + single[1][name]) / 2, msg=name)
    union = plain_gradients(
        torch.cat([inputs for inputs, _ in batches]), [s for _, samples in batches for s in samples]
    )
    # Videos of one batch never meet the texts of the other: fewer negatives, another gradient.
    assert not torch.allclose(union['neck.positions'], accumulated['neck.positions'], rtol=0.01)


class Rates(Hook):
    """Keeps the rates of the first step: those of all groups, and what the log calls base_lr."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.groups = sorted({group['lr'] for group in runner.optim_wrapper.optimizer.param_groups})
        self.base = runner.optim_wrapper.get_lr()['base_lr'][0]


def rates(tmp_path, **changes):
    hook = Rates()
    tiny_train(
        tiny_run_cfg(tmp_path, videos=4, batch=2, auto_scale_lr__enable=True, **changes), hook
    )
    return hook


@pytest.mark.parametrize(('accumulated', 'factor'), [(1, 1.0), (2, 0.5)])
def test_the_rate_scales_by_the_clips_of_a_step(tmp_path, accumulated, factor):
    """The rate is for 4 clips; a step has 2, or twice 2. The schedule starts from there."""
    found = rates(
        tmp_path,
        optim_wrapper__accumulative_counts=accumulated,
        param_scheduler=[dict(type='ConstantLR', factor=factor, by_epoch=False, end=9)],
    )
    scale = accumulated * 2 / 4 * factor
    assert found.groups == pytest.approx([1e-4 * scale, 1e-3 * scale])
    assert found.base == pytest.approx(1e-3 * scale)


def test_layer_wise_rates_scale_alike(tmp_path):
    found = rates(
        tmp_path,
        optim_wrapper__constructor='LayerDecayOptimWrapperConstructor',
        optim_wrapper__paramwise_cfg__layer_decay_rate=0.5,
    )
    backbone = [1e-4 * 0.5**depth / 2 for depth in range(5)]
    assert found.groups == pytest.approx(sorted([*backbone, 5e-4]))


def test_the_fault_of_mmengine(tmp_path, monkeypatch):
    monkeypatch.setattr(Runner, 'scale_lr', Runner.scale_lr.__wrapped__)
    found = rates(tmp_path, optim_wrapper__accumulative_counts=2)
    assert found.groups == pytest.approx([5e-5, 5e-4]), 'as if there were no accumulation'
    assert found.base == 1e-3, 'and the log has the rate before scaling'
