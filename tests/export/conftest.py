"""A tiny checkpoint with its config inside, and a real clip."""

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import save_checkpoint

from mgdm_mmaction.models import MGDM
from tests.datasets.videos import write_video
from tests.models.tiny import NUM_FRAMES, tiny_config, tiny_model

PREPROCESSOR = dict(
    type='ActionDataPreprocessor',
    mean=[122.7709, 116.7460, 104.0937],
    std=[68.5005, 66.6322, 70.3232],
    format_shape='NCHW',
)
PIPELINE = [
    dict(
        type='SkipUnreadable',
        transforms=[
            dict(type='DecordInit'),
            dict(type='UniformSample', clip_len=NUM_FRAMES, num_clips=3, test_mode=True),
            dict(type='DecordDecode'),
        ],
        test_mode=True,
    ),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=64),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]


class Trained(NamedTuple):
    """Files of a run, and the recogniser that it saved."""

    config: Path
    checkpoint: Path
    recognizer: MGDM
    cfg: Config
    clip: Path


@pytest.fixture(scope='session')
def trained(tmp_path_factory) -> Trained:
    """Save a recogniser as training does; its clips are of three views."""
    folder = tmp_path_factory.mktemp('trained')
    changes = dict(data_preprocessor=PREPROCESSOR, neck=dict(num_layers=1))
    with torch.no_grad():
        recognizer = tiny_model(**changes).eval()
        # As after training: far from where CLIP starts.
        recognizer.cls_head.logit_scale.fill_(4.0)
    for i in range(3):
        write_video(folder / 'videos' / f'{i} a.mp4', i, 20 + 3 * i, 96)
    (folder / 'list.txt').write_text(''.join(f'{i} a.mp4;{i}\n' for i in range(3)))
    cfg = Config(
        dict(
            default_scope='mmaction',
            custom_imports=dict(imports=['mgdm_mmaction'], allow_failed_imports=False),
            model=tiny_config(**changes),
            test_pipeline=PIPELINE,
            test_dataloader=dict(
                batch_size=2,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(
                    type='VideoDataset',
                    ann_file=str(folder / 'list.txt'),
                    data_prefix=dict(video=str(folder / 'videos')),
                    delimiter=';',
                    pipeline=PIPELINE,
                    test_mode=True,
                ),
            ),
            test_cfg=dict(type='TestLoop'),
            test_evaluator=dict(type='AccMetric'),
        )
    )
    cfg.dump(folder / 'tiny.py')
    checkpoint = folder / 'epoch_1.pth'
    content = dict(state_dict=recognizer.state_dict(), meta=dict(cfg=cfg.pretty_text))
    save_checkpoint(content, str(checkpoint))
    return Trained(folder / 'tiny.py', checkpoint, recognizer, cfg, folder / 'videos' / '1 a.mp4')
