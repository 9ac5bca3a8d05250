"""A small real run: a model with dropout, a data set with random transforms, MMEngine's runner."""

import random
import uuid

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS, TRANSFORMS
from mmengine.runner import Runner
from torch import nn

import mgdm_mmaction.engine  # noqa: F401


@MODELS.register_module(force=True)
class SmallNet(BaseModel):
    """One layer with dropout that learns to sum its input, and keeps what it saw."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

    def forward(self, inputs, mode='loss'):
        x = torch.stack(inputs) if isinstance(inputs, list) else inputs
        y = self.norm(nn.functional.dropout(self.linear(x), 0.5, self.training))
        return {'loss': (y.sum(1) - x.sum(1)).square().mean()}


@TRANSFORMS.register_module(force=True)
class RandomNoise:
    """Draws from all three generators a video pipeline may use."""

    def __call__(self, results):
        noise = [random.random(), np.random.rand(), torch.rand(()).item(), 0.0]
        return {'inputs': torch.tensor(noise, dtype=torch.float32) + results['sample_idx']}


@DATASETS.register_module(force=True)
class SmallSet(BaseDataset):
    """Twelve numbers."""

    def load_data_list(self):
        return [{} for _ in range(12)]


@pytest.fixture
def small_cfg(tmp_path):
    """Config of a run of three epochs of three batches."""

    def make(**changes):
        cfg = Config(
            dict(
                default_scope='mmengine',
                work_dir=str(tmp_path / changes.pop('name', 'run')),
                model=dict(type='SmallNet'),
                train_dataloader=dict(
                    batch_size=4,
                    num_workers=0,
                    sampler=dict(type='DefaultSampler', shuffle=True),
                    dataset=dict(
                        type='SmallSet', pipeline=[dict(type='RandomNoise')], serialize_data=False
                    ),
                ),
                train_cfg=dict(by_epoch=True, max_epochs=3),
                optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.1)),
                param_scheduler=[
                    dict(type='CosineAnnealingLR', T_max=3, convert_to_iter_based=True)
                ],
                default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
                custom_hooks=[dict(type='mmaction.EpochSeedHook')],
                randomness=dict(seed=7, deterministic=True),
                experiment_name=f'run{uuid.uuid4().hex}',
            )
        )
        cfg.merge_from_dict(changes)
        return cfg

    yield make
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def train_small():
    """Train a config, with more hooks, and return the weights as one vector."""

    def run(cfg, *hooks):
        runner = Runner.from_cfg(cfg)
        for hook in hooks:
            runner.register_hook(hook)
        runner.train()
        return torch.cat([p.detach().flatten() for p in runner.model.parameters()])

    return run
