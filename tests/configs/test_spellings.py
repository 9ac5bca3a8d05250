"""Types as MMEngine lets one write them: with a scope, or as classes in its new style."""

import uuid

import pytest
from mmengine.config import Config

from mgdm_mmaction.commands.get_flops import main as get_flops
from mgdm_mmaction.commands.mine_negatives import main as mine
from mgdm_mmaction.commands.train import main as train
from mgdm_mmaction.config import ParsedConfig
from mgdm_mmaction.negatives import read_negatives
from tests.apis.conftest import CONFIG, toy

__all__ = ['toy']

SCOPED = """
_base_ = {base!r}
from mgdm_mmaction.config import change_steps

names = ('SkipUnreadable', 'UniformSample', 'AttachHardNegatives', 'PackActionInputs')
change_steps(_base_, **{{name: dict(type=f'mmaction.{{name}}') for name in names}})
change_steps(_base_, AttachHardNegatives=dict(negatives_file='negatives.jsonl', k=3))
"""
CLASSES = """
from mmaction.datasets import (
    CenterCrop, DecordDecode, DecordInit, FormatShape, PackActionInputs, Resize, UniformSample,
    VideoDataset,
)
from mmaction.evaluation import AccMetric
from mmaction.models import ActionDataPreprocessor
from mmengine.dataset import DefaultSampler
from mmengine.optim import OptimWrapper
from mmengine.runner import EpochBasedTrainLoop, TestLoop, ValLoop
from torch.optim import AdamW

from mgdm_mmaction.datasets import AttachHardNegatives, SkipUnreadable
from mgdm_mmaction.engine import CheckNegativesHook, MGDMOptimWrapperConstructor
from mgdm_mmaction.models import (
    MGDM, AugmentedContrastiveLoss, CLIPBackbone, HardNegativeTextHead, TextGuidedTemporalHead,
)

default_scope = 'mmaction'
custom_imports = dict(imports=['mgdm_mmaction'])
root = {root!r}
clip = dict(arch='mgdm-tiny', pretrained=root + '/clip.pt')
model = dict(
    type=MGDM,
    data_preprocessor=dict(
        type=ActionDataPreprocessor, mean=[122.8] * 3, std=[68.5] * 3, format_shape='NCHW'
    ),
    backbone=dict(type=CLIPBackbone, **clip),
    neck=dict(type=TextGuidedTemporalHead, embed_dims=128, num_frames=8, num_layers=1),
    cls_head=dict(type=HardNegativeTextHead, classes=root + '/classes.txt', **clip),
    loss=dict(type=AugmentedContrastiveLoss),
)


read = [dict(type=DecordInit), dict(type=UniformSample, clip_len=8), dict(type=DecordDecode)]
fit = [
    dict(type=Resize, scale=(-1, 64)),
    dict(type=CenterCrop, crop_size=64),
    dict(type=FormatShape, input_format='NCHW'),
]
read_whole = [
    dict(type=DecordInit),
    dict(type=UniformSample, clip_len=8, test_mode=True),
    dict(type=DecordDecode),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(
        type=VideoDataset,
        ann_file=root + '/train_list.txt',
        data_prefix=dict(video=root + '/videos'),
        pipeline=[
            dict(type=SkipUnreadable, transforms=read),
            dict(type=AttachHardNegatives, negatives_file='negatives.jsonl', k=3),
            *fit,
            dict(type=PackActionInputs, algorithm_keys=('text_ids',)),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type=DefaultSampler, shuffle=False),
    dataset=dict(
        type=VideoDataset,
        ann_file=root + '/val_list.txt',
        data_prefix=dict(video=root + '/videos'),
        pipeline=[
            dict(type=SkipUnreadable, transforms=read_whole, test_mode=True),
            *fit,
            dict(type=PackActionInputs),
        ],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(type=AccMetric)
custom_hooks = [dict(type=CheckNegativesHook)]
optim_wrapper = dict(
    type=OptimWrapper,
    constructor=MGDMOptimWrapperConstructor,
    optimizer=dict(type=AdamW, lr=1e-4),
)
train_cfg = dict(type=EpochBasedTrainLoop, max_epochs=1)
val_cfg = dict(type=ValLoop)
test_cfg = dict(type=TestLoop)
"""


@pytest.mark.slow
@pytest.mark.parametrize('text', [SCOPED, CLASSES], ids=['scoped', 'classes'])
def test_mines_trains_and_counts(text, toy, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'my.py').write_text(text.format(base=CONFIG, root=str(toy.root)))
    cfg = ParsedConfig(Config.fromfile('my.py'))
    assert cfg.attach == ('negatives.jsonl', 3, 1, None)
    assert cfg.views('test') == (8, 1, 1)

    # The file that the config reads.
    mine(['my.py', '--num-negatives', '5', '--num-workers', '0'])
    assert read_negatives('negatives.jsonl').k == 5
    # k reaches the step, and with it the check of what was mined.
    options = ['--cfg-options', 'train_cfg.max_epochs=1', 'batch_size=8', 'k=4']
    options += ['train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False']
    options += [f'experiment_name={uuid.uuid4().hex}']
    train(['my.py', '--work-dir', 'run', '--no-validate', *options])
    assert (tmp_path / 'run' / 'epoch_1.pth').is_file()
    capsys.readouterr()
    get_flops(['my.py'])
    assert 'k = 3' in capsys.readouterr().out
