"""Runs of a tiny MGDM with MMEngine's runner, on frames that need no decoding."""

import uuid

import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.registry import DATASETS, METRICS
from mmengine.runner import Runner

import mgdm_mmaction  # noqa: F401
from tests.models.tiny import CLASSES, NUM_FRAMES, tiny_config


@DATASETS.register_module(force=True)
class TinyClips(BaseDataset):
    """Random clips of five classes, each with two negatives; None for no ids at all."""

    def __init__(self, videos=8, negatives=2, **kwargs):
        self.videos, self.negatives = videos, negatives
        super().__init__(serialize_data=False, **kwargs)

    def load_data_list(self):
        return [dict(index=index) for index in range(self.videos)]

    def prepare_data(self, idx):
        generator = torch.Generator().manual_seed(idx)
        label = idx % len(CLASSES)
        sample = ActionDataSample().set_gt_label(label)
        if self.negatives is not None:
            ids = [(label + i) % len(CLASSES) for i in range(1 + self.negatives)]
            sample.set_field(torch.tensor(ids).numpy(), 'text_ids')
        inputs = torch.randn(NUM_FRAMES, 3, 64, 64, generator=generator)
        return dict(inputs=inputs, data_samples=sample)


@METRICS.register_module(force=True)
class KeepScores(BaseMetric):
    """Reports the sum of the scores of class 0, and keeps them all."""

    seen: list = []

    def process(self, data_batch, data_samples):
        self.results += [sample['pred_score'].clone() for sample in data_samples]

    def compute_metrics(self, results):
        KeepScores.seen.append(torch.stack(results))
        return dict(score=float(sum(score[0] for score in results)))


def tiny_run_cfg(work_dir, model=None, val=False, videos=8, batch=4, epochs=1, **changes):
    """Config of a run; ``changes`` are those of ``--cfg-options`` with ``__`` for the dots."""
    loader = dict(
        batch_size=batch,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(type='mmengine.TinyClips', videos=videos),
    )
    cfg = dict(
        default_scope='mmaction',
        work_dir=str(work_dir),
        model={
            **(model or tiny_config()),
            'data_preprocessor': dict(type='ActionDataPreprocessor'),
        },
        train_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(
            type='OptimWrapper',
            constructor='MGDMOptimWrapperConstructor',
            optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.2),
            paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
        ),
        auto_scale_lr=dict(enable=False, base_batch_size=4),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        custom_hooks=[dict(type='ModelSummaryHook'), dict(type='CheckGradientsHook')],
        randomness=dict(seed=3),
        experiment_name=f'tiny{uuid.uuid4().hex}',
        log_level='INFO',
    )
    if val:
        cfg['val_dataloader'] = dict(loader, batch_size=8)
        cfg['val_cfg'] = dict(type='ValLoop')
        cfg['val_evaluator'] = dict(type='mmengine.KeepScores')
    cfg = Config(cfg)
    cfg.merge_from_dict({key.replace('__', '.'): value for key, value in changes.items()})
    return cfg


def tiny_train(cfg, *hooks):
    """Train a config, with more hooks, and return the runner."""
    runner = Runner.from_cfg(cfg)
    for hook in hooks:
        runner.register_hook(hook)
    runner.train()
    return runner


def run_log(cfg):
    """Text of the log of a run."""
    from pathlib import Path

    return '\n'.join(file.read_text() for file in sorted(Path(cfg.work_dir).glob('*/*.log')))
