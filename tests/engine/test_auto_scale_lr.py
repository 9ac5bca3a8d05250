"""Automatic scaling of the learning rate: every group, accumulated batches, and the log."""

import pytest
from mmengine.hooks import Hook
from mmengine.runner import Runner

from tests.engine.tiny_run import tiny_run_cfg, tiny_train


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


@pytest.mark.parametrize('accumulated', [1, 2])
@pytest.mark.parametrize(
    'schedule', [None, dict(type='ConstantLR', factor=0.5, by_epoch=False, end=9)]
)
def test_scales_by_the_clips_of_a_step(tmp_path, accumulated, schedule):
    """The rate is for 4 clips; a step has 2, or twice 2. The schedule starts from there."""
    found = rates(
        tmp_path,
        optim_wrapper__accumulative_counts=accumulated,
        param_scheduler=[schedule] if schedule else None,
    )
    scale = accumulated * 2 / 4 * (0.5 if schedule else 1)
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


def test_off(tmp_path):
    hook = Rates()
    tiny_train(tiny_run_cfg(tmp_path, videos=4, batch=2, auto_scale_lr=None), hook)
    assert (hook.groups, hook.base) == ([1e-4, 1e-3], 1e-3)


def test_the_fault_of_mmengine(tmp_path, monkeypatch):
    monkeypatch.setattr(Runner, 'scale_lr', Runner.scale_lr.__wrapped__)
    found = rates(tmp_path, optim_wrapper__accumulative_counts=2)
    assert found.groups == pytest.approx([5e-5, 5e-4]), 'as if there were no accumulation'
    assert found.base == 1e-3, 'and the log has the rate before scaling'
