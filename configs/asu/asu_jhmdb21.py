"""ASU on JHMDB-21 with the tiny tower: CLIP of 64 x 64 pixels, 8 frames, for two CPU cores.

    export MGDM_CUSTOM_VIDEOS=data/jhmdb21/videos MGDM_CUSTOM_ROOT=data/jhmdb21
The folder of classes gives the lists, as in configs/asu/asu_custom.py; the units are packaged. The
weights of the tiny tower lie in MGDM_CUSTOM_ROOT as clip.pt (tools/train_toy_clip.py makes some on
the toy data; they know nothing of people). For CLIP's own weights: configs/asu/asu_custom.py with
`--cfg-options model.units.file=jhmdb21`.
    python tools/train.py configs/asu/asu_jhmdb21.py

Protocol: 1 clip x 8 frames x 1 centre crop of 64. Not run by us.
"""

_base_ = 'asu_custom.py'
from mgdm_mmaction.config import set_frame_size

clip = dict(arch='mgdm-tiny', pretrained=f'{_base_.data_root}/clip.pt')
model = dict(backbone=clip, units=dict(file='jhmdb21'), neck=dict(embed_dims=128), cls_head=clip)
set_frame_size(_base_, 64, 72)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
del clip
