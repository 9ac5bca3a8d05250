"""Every config under configs/ trains for two steps and tests a batch, made small."""

import math
import uuid

import pytest
import torch

from mgdm_mmaction.apis.test import run_testing
from mgdm_mmaction.apis.train import run_training
from tests.configs.shrink import StandIns, shrink
from tests.configs.walk import cases_to_run, parse

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def stand_ins(tmp_path_factory):
    return StandIns(tmp_path_factory.mktemp('stand ins'))


@pytest.fixture(scope='module')
def k400_checkpoint(stand_ins):
    """A checkpoint of configs/mgdm_k400.py, for the configs that start from one."""
    cfg = small('mgdm_k400.py', stand_ins, stand_ins.root / 'k400')
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=1)
    run_training(cfg)
    return stand_ins.root / 'k400' / 'epoch_1.pth'


def small(case, stand_ins, work_dir, checkpoint='none.pth'):
    cfg = parse(
        case,
        MGDM_DATA=str(stand_ins.root),
        MGDM_CUSTOM_ROOT=str(stand_ins.root / 'custom'),
        MGDM_CUSTOM_VIDEOS=str(stand_ins.root / 'custom' / 'videos'),
    )
    cfg.load_from = cfg.load_from and str(checkpoint)
    shrink(cfg, stand_ins, work_dir)
    if cfg.get('val_dataloader') == cfg.test_dataloader and cfg.val_evaluator == cfg.test_evaluator:
        # Tested in the end anyway.
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    stand_ins.supply(cfg)
    cfg.experiment_name = uuid.uuid4().hex
    return cfg


@pytest.mark.parametrize('case', cases_to_run())
def test_trains_and_tests(case, stand_ins, k400_checkpoint, tmp_path):
    cfg = small(case, stand_ins, tmp_path, k400_checkpoint)
    if not cfg.get('train_dataloader'):
        assert_sane(run_testing(cfg))
        return
    runner = run_training(cfg)
    assert runner.iter == 2
    log = runner.message_hub.log_scalars['train/loss'].data[0]
    assert len(log) == 2
    assert all(math.isfinite(value) and value > 0 for value in log)
    for part, params in trained_parts(runner.model).items():
        assert params, part
        assert all(p.isfinite().all() for p in params), part
    assert_sane(runner.test())


def trained_parts(model):
    parts = {'backbone': list(model.backbone.parameters())}
    if model.neck.positions is not None:
        parts['neck'] = list(model.neck.parameters())
    return {part: [p for p in params if p.requires_grad] for part, params in parts.items()}


def assert_sane(metrics):
    assert metrics
    for key, value in metrics.items():
        assert torch.isfinite(torch.as_tensor(float(value))), key
