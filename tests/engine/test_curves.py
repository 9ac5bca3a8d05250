"""A run's curves, in TensorBoard's own files and in MMEngine's json log."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from mmengine.config import Config
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mgdm_mmaction.apis.vis_backends import add_vis_backends
from mgdm_mmaction.engine import LearningRatesHook
from tests.engine.tiny_run import tiny_run_cfg, tiny_train

RUNTIME = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'default_runtime.py'
OF_A_BATCH = {
    'loss', 'loss_contrastive', 'kl_video_to_text', 'kl_text_to_video', 'logit_scale',
    'temperature', 'margin_batch', 'margin_mined', 'negatives_in_batch',
}  # fmt: skip
RATES = {'lr', 'base_lr', 'backbone_lr', 'neck_lr', 'discriminator_lr', 'logit_scale_lr'}


def cfg_of(tmp_path, **changes):
    cfg = tiny_run_cfg(
        tmp_path,
        videos=16,
        epochs=2,
        val=True,
        default_hooks__logger=dict(type='LoggerHook', interval=2),
        log_processor=Config.fromfile(str(RUNTIME)).log_processor,
        **changes,
    )
    add_vis_backends(cfg, ['tensorboard'])
    return cfg


def json_curves(work_dir):
    curves = defaultdict(list)
    (file,) = Path(work_dir).glob('*/vis_data/scalars.json')
    for line in map(json.loads, file.read_text().splitlines()):
        step = line.pop('step')
        for name, value in line.items():
            curves[name].append((step, value))
    return curves


def tensorboard_curves(work_dir):
    (file,) = Path(work_dir).glob('*/vis_data/events.*')
    events = EventAccumulator(str(file.parent), size_guidance=dict(scalars=0)).Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()['scalars']
    }


def test_tensorboard_holds_what_the_log_holds(tmp_path):
    runner = tiny_train(cfg_of(tmp_path), LearningRatesHook())
    found, logged = tensorboard_curves(tmp_path), json_curves(tmp_path)
    assert found.keys() == logged.keys()
    assert found.keys() >= {f'train/{name}' for name in OF_A_BATCH | RATES} | {'val/score'}
    for name, points in logged.items():
        assert [step for step, _ in found[name]] == [step for step, _ in points]
        values = [value for _, value in points]
        assert [value for _, value in found[name]] == pytest.approx(values, rel=1e-6), name
    # Training by steps, validation by epochs, and no curve of both.
    assert [step for step, _ in found['train/loss']] == [2, 4, 6, 8]
    assert [step for step, _ in found['val/score']] == [1, 2]
    assert [step for step, _ in found['val/time']] == [1, 2]
    # Means over the same steps, so that the loss of the log is that of its directions.
    history = runner.message_hub.log_scalars['train/kl_text_to_video'].data[0]
    assert found['train/kl_text_to_video'][1][1] == pytest.approx(history[:4].mean(), rel=1e-6)
    for loss, forth, back in zip(
        *(found[f'train/{name}'] for name in ('loss', 'kl_video_to_text', 'kl_text_to_video')),
        strict=True,
    ):
        assert loss[1] == pytest.approx((forth[1] + back[1]) / 2, rel=1e-5)


def test_with_accumulation_amp_and_averaged_weights(tmp_path):
    cfg = cfg_of(
        tmp_path,
        optim_wrapper__type='CPUAmpOptimWrapper',
        optim_wrapper__accumulative_counts=2,
        default_hooks__ema=dict(type='EMAHook'),
    )
    runner = tiny_train(cfg, LearningRatesHook())
    for name in OF_A_BATCH | RATES:
        values = runner.message_hub.log_scalars[f'train/{name}'].data[0]
        assert len(values) == 8, name  # one a batch, also where two batches make a step
        assert abs(values).max() < 100
