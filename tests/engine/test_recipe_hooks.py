"""What a run logs at its start, and the watch over parameters without a gradient."""

import re

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.hooks import Hook
from torch import nn

from mgdm_mmaction.engine.hooks.model_summary_hook import count_parts
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.models import MGDM
from tests.engine.tiny_run import run_log, tiny_run_cfg, tiny_train
from tests.models.tiny import tiny_batch, tiny_config, tiny_model

ACCUMULATE = dict(optim_wrapper__accumulative_counts=2)
CLASSIFIER = {**tiny_config(), 'loss': None, 'class_loss': dict(type='ClassTextLoss')}
UNIFORM = dict(neck=dict(num_layers=0, attention='uniform'))


@MODELS.register_module(force=True)
class Forgetful(MGDM):
    """MGDM with a layer that its loss never uses."""

    def __init__(self, scale=0.0, used=False, **kwargs):
        super().__init__(**kwargs)
        self.adapter = nn.Linear(3, 3)
        self.scale, self.used = scale, used

    def loss(self, *args, **kwargs):
        losses = super().loss(*args, **kwargs)
        if self.used:
            losses['loss_extra'] = self.scale * self.adapter(torch.ones(3)).sum()
        return losses


def forgetful(**options):
    return {**tiny_config(), 'type': 'mmaction.Forgetful', **options}


class TestGradients:
    def test_a_forgotten_layer_is_an_error_unless_it_is_allowed(self, tmp_path):
        with pytest.raises(
            MGDMError,
            match=r'2 trainable parameters had no gradient in the first '
            r"step.*adapter\.weight, adapter\.bias.*allow_unused=\['adapter\.weigh",
        ):
            tiny_train(tiny_run_cfg(tmp_path, forgetful(), **ACCUMULATE))
        hooks = [dict(type='CheckGradientsHook', allow_unused='adapter')]
        tiny_train(tiny_run_cfg(tmp_path, forgetful(), videos=4, custom_hooks=hooks))

    def test_find_unused_parameters_makes_it_a_warning(self, tmp_path):
        cfg = tiny_run_cfg(tmp_path, forgetful(), find_unused_parameters=True)
        runner = tiny_train(cfg)
        assert 'adapter.weight, adapter.bias. Allowed by find_unused' in run_log(cfg)
        assert not runner.model.adapter.weight._backward_hooks, 'nobody watches any longer'

    def test_zero_is_a_warning(self, tmp_path):
        cfg = tiny_run_cfg(tmp_path, forgetful(used=True))
        tiny_train(cfg)
        assert re.search(r'2 parameters had a gradient of exactly zero .*adapter', run_log(cfg))

    def test_a_parameter_that_the_optimizer_lacks(self, tmp_path):
        """Made after the optimizer, as a hook of the user may do it."""

        class Replace(Hook):
            def before_run(self, runner):
                runner.model.adapter.weight = nn.Parameter(torch.ones(3, 3))

        with pytest.raises(MGDMError, match=r'1 trainable .* in no group of .*: adapter\.weight'):
            tiny_train(tiny_run_cfg(tmp_path, forgetful(used=True, scale=1.0)), Replace())

    @pytest.mark.parametrize('negatives', [0, 2])
    @pytest.mark.parametrize(
        'changes',
        [
            {},
            dict(neck=dict(num_layers=0)),
            dict(cls_head=dict(discriminator=None), **UNIFORM),
            dict(backbone=dict(frozen_stages=2)),
            dict(backbone=dict(frozen_stages='all_but_norm')),
            dict(backbone=dict(frozen_stages='all')),
            dict(backbone=dict(freeze_proj=True, patch_dropout=0.5)),
            dict(backbone=dict(with_cp=True)),
        ],
    )
    def test_every_parameter_of_our_models_learns(self, changes, negatives):
        model = tiny_model(**changes).train()
        model.loss(*tiny_batch(4, negatives))['loss_contrastive'].backward()
        without = [
            name
            for name, p in model.named_parameters()
            if p.requires_grad and (p.grad is None or not p.grad.any())
        ]
        assert not without

    def test_a_batch_of_one_without_negatives_learns_nothing(self, tmp_path):
        """One video, one text: the loss is constant, and the log has it."""
        cfg = tiny_run_cfg(tmp_path, videos=1, batch=1)
        cfg.train_dataloader.dataset.negatives = 0
        tiny_train(cfg)
        assert re.search(r'parameters had a gradient of exactly zero in the first', run_log(cfg))


class TestSummary:
    def test_counts(self, tmp_path):
        """Against sums by name."""
        model = tiny_config(backbone=dict(frozen_stages='all_but_norm'))
        cfg = tiny_run_cfg(tmp_path, model, videos=4)
        runner = tiny_train(cfg)
        sizes = {name: param.numel() for name, param in runner.model.named_parameters()}
        tower = sum(n for name, n in sizes.items() if name.startswith('backbone.'))
        norms = sum(n for name, n in sizes.items() if re.search(r'backbone\..*ln_', name))
        log = run_log(cfg)
        line = re.search(r'^  backbone +([\d.]+) k / +([\d.]+) k  (.*)$', log, re.MULTILINE)
        assert float(line[1]) == round(norms / 1000, 1)
        assert float(line[2]) == round(tower / 1000, 1)
        assert line[3] == 'lr 0.0001, no weight decay'
        assert re.search(r'cls_head\.logit_scale +1 / +1  lr 0\.001, no weight decay', log)
        assert 'cls_head.text_bank.embeddings: buffer of 5 x 128, not trained' in log
        trained = sum(sizes.values()) - tower + norms
        line = re.search(r'in all +([\d.]+) k / +([\d.]+) M', log)
        assert float(line[1]) == round(trained / 1e3, 1)
        assert float(line[2]) == round(sum(sizes.values()) / 1e6, 1)

    def test_parts_are_all_parameters(self):
        model = tiny_model()
        parts = count_parts(model)
        assert set(parts) == {
            'backbone', 'neck', 'cls_head.logit_scale', 'cls_head.discriminator'
        }  # fmt: skip
        names = [name for params in parts.values() for name, _ in params]
        assert sorted(names) == sorted(name for name, _ in model.named_parameters())

    @pytest.mark.parametrize(
        ('changes', 'line'),
        [
            (
                dict(
                    optim_wrapper__constructor='LayerDecayOptimWrapperConstructor',
                    optim_wrapper__paramwise_cfg__layer_decay_rate=0.5,
                    # The schedule's warm-up is not what the line is about.
                    param_scheduler=[
                        dict(type='LinearLR', start_factor=0.01, end=2, by_epoch=False)
                    ],
                ),
                r'backbone .* lr 6\.25e-06 to 0\.0001, weight decay 0\.2 on',
            ),
            (
                dict(model=tiny_config(backbone=dict(frozen_stages='all'))),
                r'backbone +0 / .*  frozen',
            ),
            (
                dict(optim_wrapper__constructor='DefaultOptimWrapperConstructor'),
                r'logit_scale .* weight decay 0\.2 on 1 of 1 tensors, 1 of them biases',
            ),
            (
                ACCUMULATE,
                r'a step: 4 clips x 1 processes x 2 accumulated = 8 clips, of which the '
                r'contrastive loss sees 4 at a time; learning rate not scaled\n(.*\n)?'
                r'.*meant for 4 clips a step .* --auto-scale-lr multiplies it by 2',
            ),
            (dict(model=CLASSIFIER, **ACCUMULATE), r'= 8 clips; learning rate not scaled'),
            (
                dict(auto_scale_lr__enable=True, **ACCUMULATE),
                r'8 clips, .*; learning rate x 2 \(base batch 4\)(?!(.|\n)*meant for)',
            ),
        ],
    )
    def test_rates_and_batch(self, tmp_path, changes, line):
        cfg = tiny_run_cfg(tmp_path, videos=4, **changes)
        tiny_train(cfg)
        assert re.search(line, run_log(cfg))
