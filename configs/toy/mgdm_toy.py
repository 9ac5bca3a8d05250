"""MGDM on the toy actions (object x motion): the tiny sibling of configs/mgdm_k400.py.

Same parts, same pipeline; a tiny CLIP, 64 x 64 pixels, 8 frames. `make demo` runs all of this:
    python tools/make_toy_data.py data/toy
    python tools/train_toy_clip.py data/toy
    python tools/mine_negatives.py configs/toy/mgdm_toy.py --out data/toy/negatives.jsonl
    python tools/train.py configs/toy/mgdm_toy.py        (or tools/dist_train.sh ... 2)
    python tools/test.py configs/toy/mgdm_toy.py work_dirs/mgdm_toy/epoch_20.pth

Protocol: 1 clip x 8 frames x 1 centre crop of 64, 288 validation videos of 36 classes. What comes
out is in docs/RESULTS.md.
"""

_base_ = [
    '../_base_/models/mgdm_vit-l-14.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$MGDM_DATA:data}}/toy'
data_name = 'toy'  # in names of work directories
negatives_file = f'{data_root}/negatives.jsonl'
num_frames = int('{{$MGDM_FRAMES:8}}')
num_negatives = int('{{$MGDM_K:7}}')

clip = dict(arch='mgdm-tiny', pretrained=f'{data_root}/clip.pt')
model = dict(
    backbone=dict(with_cp=False, **clip),
    neck=dict(embed_dims=128, num_frames=num_frames),
    cls_head=dict(classes=f'{data_root}/classes.txt', **clip),
)

train_pipeline = [
    dict(
        type='SkipUnreadable',
        transforms=[
            dict(type='DecordInit'),
            dict(type='UniformSample', clip_len=num_frames),
            dict(type='DecordDecode'),
        ],
    ),
    dict(type='AttachHardNegatives', negatives_file=negatives_file, k=num_negatives),
    dict(type='Resize', scale=(-1, 72)),
    # Gentle: a strong crop would hide where things move. No flip: it would swap left and right.
    dict(type='RandomResizedCrop', area_range=(0.7, 1.0)),
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
    dict(type='TorchVisionWrapper', op='RandomGrayscale', p=0.2),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs', algorithm_keys=('text_ids',)),
]
val_pipeline = [
    dict(
        type='SkipUnreadable',
        transforms=[
            dict(type='DecordInit'),
            dict(type='UniformSample', clip_len=num_frames, test_mode=True),
            dict(type='DecordDecode'),
        ],
        test_mode=True,
    ),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=64),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
test_pipeline = val_pipeline

train_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VideoDataset',
        ann_file=f'{data_root}/train_list.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoDataset',
        ann_file=f'{data_root}/val_list.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator

optim_wrapper = dict(optimizer=dict(lr=5e-4))
auto_scale_lr = dict(base_batch_size=16)
train_cfg = dict(val_interval=5)
