"""MGDM on your own clips where no CLIP weights can be had: a tiny CLIP, trained on those clips.

A stand-in, to try everything on a laptop without a network: 64 x 64 pixels, 0.6 M weights of the
image tower, which has seen nothing but your training clips. Its results do not compare with those
of a real CLIP (configs/custom/mgdm_custom.py). Data and variables are those of mgdm_custom.py:
    python tools/data/build_lists.py folders data/custom/videos --out data/custom \
        --val-fraction 0.2 --delimiter tab
    python tools/train_tiny_clip.py data/custom/train_list.txt --root data/custom/videos \
        --classes data/custom/classes.txt
    python tools/mine_negatives.py configs/custom/mgdm_custom_tiny.py
    python tools/train.py configs/custom/mgdm_custom_tiny.py
    python tools/test.py configs/custom/mgdm_custom_tiny.py \
        work_dirs/mgdm_custom_tiny/epoch_20.pth

Protocol: 1 clip x 8 frames x 1 centre crop of 64. docs/RESULTS.md has what came out on JHMDB.
"""

_base_ = 'mgdm_custom.py'
from mgdm_mmaction.config import change_steps, set_frame_size  # below _base_, as MMEngine wants it

data_name = 'custom_tiny'  # in names of work directories
clip = dict(arch='mgdm-tiny', pretrained=f'{_base_.data_root}/clip.pt')
model = dict(backbone=clip, neck=dict(embed_dims=128), cls_head=clip)
del clip

set_frame_size(_base_, size=64, short_side=72)
change_steps(
    _base_, AttachHardNegatives=dict(negatives_file=f'{_base_.data_root}/negatives_tiny.jsonl')
)

train_dataloader = dict(num_workers=1)
val_dataloader = dict(num_workers=1)
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(val_interval=5)
