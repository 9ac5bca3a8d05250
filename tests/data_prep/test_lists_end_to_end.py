"""From a folder tree to mined negatives on training samples: videos with odd names, raw frames."""

import pytest
import torch
from mmaction.registry import DATASETS
from mmengine.config import Config

from mgdm_mmaction.clip import build_clip
from mgdm_mmaction.commands.build_lists import main as build_lists
from mgdm_mmaction.commands.check_videos import main as check_videos
from mgdm_mmaction.mining import mine
from mgdm_mmaction.negatives import read_negatives
from tests.datasets.videos import write_frames, write_video

CLASSES = ['close door', 'open_door', 'wave']

CONFIG = """
custom_imports = dict(imports=['mgdm_mmaction'])
default_scope = 'mmaction'
root = {root!r}
model = dict(
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean=[120] * 3, std=[60] * 3, format_shape='NCHW'),
    backbone=dict(type='CLIPBackbone', arch='mgdm-tiny', pretrained=root + '/clip.pt'),
    cls_head=dict(type='HardNegativeTextHead', classes=root + '/lists/classes.txt'))
decode = dict(type='SkipUnreadable', transforms=[{decode}])
tail = [dict(type='Resize', scale=(64, 64), keep_ratio=False),
    dict(type='FormatShape', input_format='NCHW')]
train_pipeline = [decode, *tail,
    dict(type='AttachHardNegatives', negatives_file=root + '/negatives.jsonl', k=2),
    dict(type='PackActionInputs', algorithm_keys=('text_ids',))]
val_pipeline = [decode, *tail, dict(type='PackActionInputs')]
train_dataloader = dict(dataset=dict(
    {dataset}, ann_file=root + '/lists/train_list.txt', pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(
    {dataset}, ann_file=root + '/lists/val_list.txt', pipeline=val_pipeline, test_mode=True))
"""
KINDS = {
    'videos': (
        "dict(type='DecordInit'), dict(type='UniformSample', clip_len=4),dict(type='DecordDecode')",
        "type='VideoDataset', data_prefix=dict(video=root + '/clips'), delimiter='\\t'",
        ['--delimiter', 'tab'],
    ),
    'rawframes': (
        "dict(type='UniformSample', clip_len=4), dict(type='RawFrameDecode')",
        "type='RawframeDataset', data_prefix=dict(img=root + '/clips')",
        ['--rawframes'],
    ),
}


@pytest.fixture(params=KINDS)
def made(request, tmp_path):
    """Lists of three classes with six clips each, and their config."""
    decode, dataset, options = KINDS[request.param]
    for c, name in enumerate(CLASSES):
        for i in range(6):
            # Raw-frame lists cannot hold spaces, all other signs they can.
            stem = f'#1_[a]&;(HQ)!_{name}_{i}'
            if request.param == 'videos':
                write_video(tmp_path / 'clips' / name / f'{stem}.avi.mp4', 9 * c + i, 8, 64)
            else:
                folder = f'{name}/{stem}'.replace(' ', '_')
                write_frames(tmp_path / 'clips' / folder, 9 * c + i, 8, 64)
    torch.manual_seed(0)
    torch.save(build_clip('mgdm-tiny').state_dict(), tmp_path / 'clip.pt')
    lists = str(tmp_path / 'lists')
    build_lists(
        ['folders', str(tmp_path / 'clips'), '--out', lists, '--val-fraction', '0.34', *options]
    )
    text = CONFIG.format(root=str(tmp_path), decode=decode, dataset=dataset)
    (tmp_path / 'config.py').write_text(text)
    return tmp_path


@pytest.mark.slow
def test_lists_can_be_checked_mined_and_trained_with(made, capsys):
    config = str(made / 'config.py')
    check_videos(['--config', config])
    assert capsys.readouterr().out.count(' 0 broken') == 2
    summary = mine(config, made / 'negatives.jsonl', 2, num_workers=0, progress=False)
    assert summary.num_videos == 12
    assert not summary.unreadable
    file = read_negatives(made / 'negatives.jsonl')
    data = DATASETS.build(Config.fromfile(config).train_dataloader.dataset)
    assert len(data) == 12
    for i in range(len(data)):
        sample, info = data[i], data.get_data_info(i)
        row = file.lookup(info.get('filename', info.get('frame_dir')))
        assert sample['inputs'].shape == (4, 3, 64, 64)
        label = int(sample['data_samples'].gt_label)
        assert label == info['label'] == i // 4
        assert sample['data_samples'].text_ids.tolist() == [label, *file.negatives[row]]
