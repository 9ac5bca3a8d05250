"""MGDM on your own clips: CLIP ViT-B/16, 8 frames, one GPU. Works as it is, or copy and change it.

Data: a folder with a subfolder a class, named as one would say the action. With the variable
`export MGDM_CUSTOM_ROOT=/path/to/that/folder`, from nothing to a tested checkpoint:
    python tools/data/build_lists.py folders $MGDM_CUSTOM_ROOT
    python tools/mine_negatives.py configs/custom/mgdm_custom.py
    python tools/train.py configs/custom/mgdm_custom.py --amp
    python tools/test.py configs/custom/mgdm_custom.py work_dirs/mgdm_custom/epoch_20.pth

The number of classes is that of the lines of labels.txt and is said nowhere else. k = 3 needs four
classes; with ten or more try k = 7: `export MGDM_CUSTOM_K=7`.
Protocol: 1 clip x 8 frames x 1 centre crop of 224. Batch size, learning rate and k are ours, meant
for a few hundred to a few thousand clips.
"""

_base_ = [
    '../_base_/models/mgdm_vit-b-16.py',
    '../_base_/datasets/clips.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]

data_root = '{{$MGDM_CUSTOM_ROOT:data/custom}}'
num_frames = 8

model = dict(
    neck=dict(num_frames=num_frames),
    # A class name a line, in the order of the labels. CLIP reads them: write words.
    cls_head=dict(classes=f'{data_root}/labels.txt'),
)
train_dataloader = dict(
    batch_size=16,
    num_workers=4,
    dataset=dict(ann_file=f'{data_root}/train_list_videos.txt', data_prefix=dict(video=data_root)),
)
val_dataloader = dict(
    batch_size=16,
    num_workers=4,
    dataset=dict(ann_file=f'{data_root}/val_list_videos.txt', data_prefix=dict(video=data_root)),
)
test_dataloader = val_dataloader

_base_.train_dataloader.dataset.pipeline[0].transforms[1].clip_len = num_frames
_base_.val_dataloader.dataset.pipeline[0].transforms[1].clip_len = num_frames
_base_.test_dataloader.dataset.pipeline[0].transforms[1].clip_len = num_frames
_base_.train_dataloader.dataset.pipeline[1].update(
    k=int('{{$MGDM_CUSTOM_K:3}}'),
    negatives_file=f'{data_root}/negatives_vit-b-16_openai.jsonl',
)
# A mirrored clip keeps its label, unless left and right matter: then
#     _base_.train_dataloader.dataset.pipeline[5].flip_ratio = 0

optim_wrapper = dict(optimizer=dict(lr=2e-5))
auto_scale_lr = dict(base_batch_size=16)
