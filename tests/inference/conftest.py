"""A tiny checkpoint with random weights, as a training run would save it."""

import warnings
from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mgdm_mmaction.apis.inferencer import MGDMInferencer
from mgdm_mmaction.clip import build_clip
from tests.models.tiny import CLASSES, tiny_config

NUM_FRAMES = 4


def clip_config(classes, pretrained=None, num_clips=1, crop='CenterCrop') -> Config:
    """A config with a model and a test pipeline as ours have them."""
    pipeline = [
        dict(
            type='SkipUnreadable',
            transforms=[
                dict(type='DecordInit'),
                dict(type='UniformSample', clip_len=NUM_FRAMES, num_clips=num_clips),
                dict(type='DecordDecode'),
            ],
            test_mode=True,
        ),
        dict(type='Resize', scale=(-1, 64)),
        dict(type=crop, crop_size=64),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    ]
    # Not in test mode, as a careless config has it: the inferencer sets it.
    model = tiny_config(
        backbone=dict(pretrained=pretrained),
        neck=dict(num_frames=NUM_FRAMES),
        cls_head=dict(classes=classes, pretrained=pretrained),
        data_preprocessor=dict(
            type='ActionDataPreprocessor',
            mean=[122.8, 116.7, 104.1],
            std=[68.5, 66.6, 70.3],
            format_shape='NCHW',
        ),
    )
    return Config(dict(model=model, test_pipeline=pipeline))


def save_checkpoint(path: Path, config: Config, written: Config | None = None) -> Path:
    """Save a model of a config; ``written`` is the config that the file names instead."""
    init_default_scope('mmaction')
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    text = (written or config).pretty_text
    torch.save(dict(state_dict=model.state_dict(), meta=dict(cfg=text)), path)
    return path


@pytest.fixture(scope='session')
def clip_file(tmp_path_factory) -> Path:
    """Weights of a tiny CLIP."""
    path = tmp_path_factory.mktemp('clip') / 'clip.pt'
    torch.manual_seed(0)
    torch.save(build_clip('mgdm-tiny').state_dict(), path)
    return path


@pytest.fixture(scope='session')
def checkpoint(tmp_path_factory, clip_file) -> Path:
    """A checkpoint whose config names files of another machine."""
    gone = clip_config('/gone/classes.txt', '/gone/clip.pt')
    path = tmp_path_factory.mktemp('run') / 'epoch_1.pth'
    return save_checkpoint(path, clip_config(CLASSES, str(clip_file)), written=gone)


@pytest.fixture(scope='session')
def inferencer(checkpoint) -> MGDMInferencer:
    """An inferencer of the checkpoint alone."""
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        return MGDMInferencer(str(checkpoint), device='cpu', show_progress=False)
