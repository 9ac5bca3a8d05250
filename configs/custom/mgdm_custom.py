"""MGDM on your own clips: CLIP ViT-B/16, 8 frames, one GPU. Works as it is, or copy and change it.

Data: a folder with a subfolder a class, named as one would say the action. Two variables say where
things are, here with what they are by default:
    export MGDM_CUSTOM_VIDEOS=data/custom/videos    that folder
    export MGDM_CUSTOM_ROOT=data/custom             what is made of it: lists, classes, negatives
Where validation clips are in a tree of their own, MGDM_CUSTOM_VAL_VIDEOS names it.
From nothing to a tested checkpoint:
    python tools/data/build_lists.py folders data/custom/videos --out data/custom \
        --val-fraction 0.2 --delimiter tab
    python tools/mine_negatives.py configs/custom/mgdm_custom.py
    python tools/train.py configs/custom/mgdm_custom.py --amp
    python tools/test.py configs/custom/mgdm_custom.py work_dirs/mgdm_custom/epoch_20.pth

The number of classes is that of the lines of classes.txt and is said nowhere else. k = 3 needs
four classes; with ten or more try `export MGDM_CUSTOM_K=7` (or MGDM_K, as in every config).
Protocol: 1 clip x 8 frames x 1 centre crop of 224. Batch size, learning rate and k are ours, meant
for a few hundred to a few thousand clips.
"""

_base_ = [
    '../_base_/models/mgdm_vit-b-16.py',
    '../_base_/datasets/clips.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps  # below _base_, which MMEngine wants first

data_root = '{{$MGDM_CUSTOM_ROOT:data/custom}}'
data_name = 'custom'  # in names of work directories
videos = '{{$MGDM_CUSTOM_VIDEOS:data/custom/videos}}'
val_videos = '{{$MGDM_CUSTOM_VAL_VIDEOS:-}}'.strip('-') or videos
seed = int('{{$MGDM_SEED:0}}')
num_frames = int('{{$MGDM_FRAMES:8}}')

# A class name a line, in the order of the labels. CLIP reads them: write words.
model = dict(
    backbone=dict(with_cp=False),  # True if memory is short
    neck=dict(num_frames=num_frames),
    cls_head=dict(classes=f'{data_root}/classes.txt'),
)

train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    dataset=dict(
        ann_file=f'{data_root}/train_list.txt',
        data_prefix=dict(video=videos),
        # A tab between path and label, so that names of folders may hold spaces.
        delimiter='\t',
    ),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    dataset=dict(
        ann_file=f'{data_root}/val_list.txt',
        data_prefix=dict(video=val_videos),
        delimiter='\t',
    ),
)
test_dataloader = val_dataloader

change_steps(
    _base_,
    UniformSample=dict(clip_len=num_frames),
    AttachHardNegatives=dict(
        k=int('{{$MGDM_CUSTOM_K:-}}'.strip('-') or '{{$MGDM_K:3}}'),
        negatives_file=f'{data_root}/negatives_vit-b-16_openai.jsonl',
    ),
    # A mirrored clip keeps its label, unless left and right matter: then
    #     Flip=dict(flip_ratio=0),
)

# tools/evaluate.py takes the mean over seeds: --over MGDM_SEED=0-2
randomness = dict(seed=seed)
protocol = dict(name='own clips', seed=seed)

optim_wrapper = dict(optimizer=dict(lr=2e-5))
auto_scale_lr = dict(base_batch_size=16)
