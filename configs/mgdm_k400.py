"""MGDM, CLIP ViT-L/14 (OpenAI), Kinetics-400, 16 frames, k = 7: the paper's reported model.

Data (MMAction2's lists, `path label` a line), under `$MGDM_DATA`, which is `data` by default:
    kinetics400/videos_train/    kinetics400/kinetics400_train_list_videos.txt
    kinetics400/videos_val/      kinetics400/kinetics400_val_list_videos.txt

Mine the hard negatives once:
    python tools/mine_negatives.py configs/mgdm_k400.py \
        --out data/kinetics400/negatives_vit-l-14_openai.jsonl
Train (8 GPUs x 32 clips; on another number of GPUs add --auto-scale-lr):
    tools/dist_train.sh configs/mgdm_k400.py 8 --amp --cfg-options optim_wrapper.dtype=bfloat16
Test:
    tools/dist_test.sh configs/mgdm_k400.py work_dirs/mgdm_k400/best_acc_top1_epoch_20.pth 8
Change what you like:
    ... --cfg-options train_dataloader.batch_size=16 model.backbone.with_cp=True
    ... --cfg-options model.backbone.pretrained=clip.pt model.cls_head.pretrained=clip.pt

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Printed by the paper: top-1 87.3, top-5 97.9
(234 619 training and 19 761 validation videos). Not run by us.
"""

_base_ = [
    '_base_/models/mgdm_vit-l-14_16f.py',
    '_base_/schedules/adamw_20e.py',
    '_base_/default_runtime.py',
]

# For your own data, copy this file and change this block.
data_root = '{{$MGDM_DATA:data}}/kinetics400'
train_list = f'{data_root}/kinetics400_train_list_videos.txt'
val_list = f'{data_root}/kinetics400_val_list_videos.txt'
train_videos = f'{data_root}/videos_train'
val_videos = f'{data_root}/videos_val'
classes = 'k400'  # a map of the package, or a text file: a class name a line, in label order
negatives_file = f'{data_root}/negatives_vit-l-14_openai.jsonl'
num_frames = 16
num_negatives = 7

model = dict(neck=dict(num_frames=num_frames), cls_head=dict(classes=classes))

train_pipeline = [
    dict(
        type='SkipUnreadable',
        transforms=[
            dict(type='DecordInit'),
            dict(type='UniformSample', clip_len=num_frames),
            dict(type='DecordDecode'),
        ],
    ),
    # `--cfg-options train_dataloader.dataset.pipeline.1.k=3` changes k.
    dict(type='AttachHardNegatives', negatives_file=negatives_file, k=num_negatives),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    # Takes the frames of a clip together: all of them turn grey, or none.
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
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
test_pipeline = val_pipeline

train_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='VideoDataset',
        ann_file=train_list,
        data_prefix=dict(video=train_videos),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='VideoDataset',
        ann_file=val_list,
        data_prefix=dict(video=val_videos),
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator
