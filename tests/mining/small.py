"""A small data set to mine: its config, classes and sizes."""

CLASSES = ['Running', 'high_jump', 'dive', 'swim']
EXTRA = ['running', 'HighJump', 'row', 'sail', 'walk']
MEAN, STD = [122.8, 116.7, 104.1], [68.5, 66.6, 70.3]
T = 4

CONFIG = """
custom_imports = dict(imports=['mgdm_mmaction'])
default_scope = 'mmaction'
model = dict(
    data_preprocessor=dict(
        type='ActionDataPreprocessor', mean={mean}, std={std}, format_shape='NCHW'),
    backbone=dict(type='CLIPBackbone', arch='mgdm-tiny', pretrained='{root}/clip.pt'),
    cls_head=dict(type='HardNegativeTextHead', classes={classes}, extra_labels={extra}))
train_pipeline = [
    dict(type='DecordInit'), dict(type='UniformSample', clip_len={T}), dict(type='DecordDecode'),
    dict(type='RandomResizedCrop'), dict(type='AttachHardNegatives', negatives_file='x.jsonl', k=3)]
val_pipeline = [
    dict(type='SkipUnreadable', test_mode=True, transforms=[{decode}]),
    dict(type='Resize', scale=(-1, 64)), dict(type='CenterCrop', crop_size=64),
    dict(type='FormatShape', input_format='NCHW'), dict(type='PackActionInputs')]
train_dataloader = dict(dataset=dict({dataset}, ann_file='train.txt', data_root='{root}',
                                     pipeline=train_pipeline))
val_dataloader = dict(dataset=dict({dataset}, ann_file='val.txt', data_root='{root}',
                                   pipeline=val_pipeline, test_mode=True))
"""
VIDEO = "dict(type='DecordInit'), dict(type='UniformSample', clip_len=4), dict(type='DecordDecode')"
FRAMES = "dict(type='UniformSample', clip_len=4), dict(type='RawFrameDecode')"


def write_config(root, dataset="type='VideoDataset', data_prefix=dict(video='v')", decode=VIDEO):
    text = CONFIG.format(
        mean=MEAN, std=STD, root=root, classes=CLASSES, extra=EXTRA, T=T, decode=decode,
        dataset=dataset,
    )  # fmt: skip
    path = root / 'config.py'
    path.write_text(text)
    return str(path)
