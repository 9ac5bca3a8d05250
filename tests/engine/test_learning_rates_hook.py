"""The logged learning rates against those of the parameters themselves, step by step."""

import pytest
from mmengine.hooks import Hook

from mgdm_mmaction.engine import LearningRatesHook
from tests.engine.tiny_run import tiny_run_cfg, tiny_train
from tests.models.tiny import tiny_config

SCHEDULE = dict(param_scheduler=[dict(type='LinearLR', start_factor=0.1, end=4, by_epoch=False)])
LAYERS = dict(
    optim_wrapper__constructor='LayerDecayOptimWrapperConstructor',
    optim_wrapper__paramwise_cfg__layer_decay_rate=0.5,
)


class Rates(Hook):
    """Keeps the rate of every parameter before every step."""

    priority = 'LOWEST'

    def __init__(self):
        self.steps = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        groups = runner.optim_wrapper.optimizer.param_groups
        rates = {id(p): group['lr'] for group in groups for p in group['params']}
        names = runner.model.named_parameters()
        self.steps.append({name: rates[id(p)] for name, p in names if id(p) in rates})

    def of(self, prefix, pick):
        return [pick(v for k, v in step.items() if k.startswith(prefix)) for step in self.steps]


def run(tmp_path, model=None, **changes):
    rates = Rates()
    cfg = tiny_run_cfg(tmp_path, model, videos=16, **SCHEDULE, **changes)
    runner = tiny_train(cfg, LearningRatesHook(), rates)
    scalars = runner.message_hub.log_scalars
    logged = {
        key.removeprefix('train/'): list(history.data[0])
        for key, history in scalars.items()
        if key.endswith('_lr') and key != 'train/base_lr'
    }
    return logged, rates


@pytest.mark.parametrize('changes', [{}, LAYERS], ids=['parts', 'layers'])
def test_every_part_has_its_rates(tmp_path, changes):
    logged, rates = run(tmp_path, **changes)
    expected = dict(
        backbone_lr=rates.of('backbone.', max),
        neck_lr=rates.of('neck.', max),
        discriminator_lr=rates.of('cls_head.discriminator.', max),
        logit_scale_lr=rates.of('cls_head.logit_scale', max),
    )
    if changes:
        expected['backbone_min_lr'] = rates.of('backbone.', min)
        assert expected['backbone_min_lr'][0] < 0.1 * expected['backbone_lr'][0]
    assert logged == expected
    assert len(set(logged['neck_lr'])) == 4  # the schedule moves


def test_a_frozen_part_has_none(tmp_path):
    logged, _ = run(tmp_path, tiny_config(backbone=dict(frozen_stages='all')))
    assert set(logged) == {'neck_lr', 'discriminator_lr', 'logit_scale_lr'}
