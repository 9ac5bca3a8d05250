"""KG-CLIP on your own clips, or JHMDB, with a tiny CLIP: for a laptop without a network.

The tower and what it is worth: configs/custom/mgdm_custom_tiny.py. JHMDB has a packaged graph of
movements, written by hand, six or so a class. --group-by keeps the clips of a film on one side:
    export MGDM_CUSTOM_VIDEOS=data/jhmdb21/videos MGDM_CUSTOM_ROOT=data/jhmdb21 MGDM_GRAPH=jhmdb21
    python tools/data/build_lists.py folders data/jhmdb21/videos --out data/jhmdb21 \
        --val-fraction 0.3 --group-by '([^/]+)_._[cn]m_' --delimiter tab
    python tools/train_tiny_clip.py data/jhmdb21/train_list.txt --root data/jhmdb21/videos \
        --classes data/jhmdb21/classes.txt
    python tools/train.py configs/kgclip/kgclip_custom_tiny.py
    python tools/test.py configs/kgclip/kgclip_custom_tiny.py \
        work_dirs/kgclip_custom_tiny/epoch_20.pth
Without MGDM_GRAPH the graph is that of kgclip_custom.py.

Protocol: 1 clip x 8 frames x 1 centre crop of 64. docs/RESULTS.md has what came out on JHMDB with
8 and 2 clips a class and 4 frames.
"""

_base_ = 'kgclip_custom.py'
from mgdm_mmaction.config import set_frame_size

clip = dict(arch='mgdm-tiny', pretrained=f'{_base_.data_root}/clip.pt')
model = dict(backbone=clip, neck=dict(embed_dims=128), cls_head=clip)
del clip

set_frame_size(_base_, size=64, short_side=72)

train_dataloader = dict(num_workers=1)
val_dataloader = dict(num_workers=1)
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(val_interval=5)
