"""Lists of MMAction2, unchanged: raw frames with a prefix, a start index and names of their own."""

import cv2
import pytest

from tests.apis.conftest import CONFIG, SHORT

RAWFRAMES = """
_base_ = {base!r}
data_root = {root!r}
negatives_file = data_root + '/negatives.jsonl'
decode = [dict(type='RawFrameDecode')]
tail = [
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
    dict(type='FormatShape', input_format='NCHW'),
]
sample = dict(type='UniformSample', clip_len=8)
train_pipeline = [sample, *decode, *tail,
    dict(type='AttachHardNegatives', negatives_file=negatives_file, k=3),
    dict(type='PackActionInputs', algorithm_keys=('text_ids',)),
]
val_pipeline = [dict(test_mode=True, **sample), *decode, *tail, dict(type='PackActionInputs')]
common = dict(
    _delete_=True,
    type='RawframeDataset',
    data_prefix=dict(img=data_root + '/frames'),
    filename_tmpl='frame_{{:03}}.jpg',
    start_index=5,
)
train_dataloader = dict(dataset=dict(
    ann_file=data_root + '/train_rawframes.txt', pipeline=train_pipeline, **common))
val_dataloader = dict(dataset=dict(
    ann_file=data_root + '/val_rawframes.txt', pipeline=val_pipeline, test_mode=True, **common))
test_dataloader = val_dataloader
"""


@pytest.fixture
def rawframe_config(toy, tmp_path):
    """Every second video of the small toy set as a folder of jpg files, counted from 5."""
    for split in ('train', 'val'):
        lines = []
        for line in (toy.root / f'{split}_list.txt').read_text().split('\n')[::2]:
            if not line:
                continue
            name, label = line.split()
            folder = tmp_path / 'frames' / name.removesuffix('.mp4')
            folder.mkdir(parents=True)
            video, count = cv2.VideoCapture(str(toy.root / 'videos' / name)), 0
            while (frame := video.read()[1]) is not None:
                cv2.imwrite(str(folder / f'frame_{count + 5:03}.jpg'), frame)
                count += 1
            lines.append(f'{name.removesuffix(".mp4")} {count} {label}')
        (tmp_path / f'{split}_rawframes.txt').write_text('\n'.join(lines))
    config = tmp_path / 'rawframes.py'
    config.write_text(RAWFRAMES.format(base=CONFIG, root=str(tmp_path)))
    return config


@pytest.mark.slow
def test_rawframes_mine_train_and_test(toy, rawframe_config, tmp_path):
    done = toy.tool(
        'mine_negatives.py', rawframe_config, '--out', tmp_path / 'negatives.jsonl',
        '--num-negatives', 5,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    second_line = (tmp_path / 'negatives.jsonl').read_text().split('\n')[1]
    assert '"path": "train/circle_moving_left/0000"' in second_line
    work = tmp_path / 'work'
    options = [*SHORT, 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1']
    done = toy.tool('train.py', rawframe_config, '--work-dir', work, '--cfg-options', *options)
    assert done.returncode == 0, done.stderr
    done = toy.tool('test.py', rawframe_config, work / 'epoch_1.pth', '--work-dir', work)
    assert done.returncode == 0, done.stderr
    assert 'acc/top1' in done.stdout + done.stderr
