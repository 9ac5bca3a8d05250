"""ASU on JHMDB-21 with the tiny tower: CLIP of 64 x 64 pixels, 8 frames, for two CPU cores.

    export MGDM_CUSTOM_VIDEOS=data/jhmdb21/videos MGDM_CUSTOM_ROOT=data/jhmdb21
    python tools/data/build_lists.py folders data/jhmdb21/videos --out data/jhmdb21 \
        --val-fraction 0.3 --group-by '([^/]+)_._[cn]m_' --delimiter tab
    python tools/train_tiny_clip.py data/jhmdb21/train_list.txt --root data/jhmdb21/videos \
        --classes data/jhmdb21/classes.txt
    python tools/train.py configs/asu/asu_jhmdb21.py
--group-by keeps the clips of a film on one side. The units are packaged. For CLIP's own weights:
configs/asu/asu_custom.py with `--cfg-options model.units.file=jhmdb21`.

Protocol: 1 clip x 8 frames x 1 centre crop of 64. docs/RESULTS.md has what came out on JHMDB with
8 and 2 clips a class and 4 frames.
"""

_base_ = 'asu_custom.py'
from mgdm_mmaction.config import change_steps, set_frame_size

clip = dict(arch='mgdm-tiny', pretrained=f'{_base_.data_root}/clip.pt')
model = dict(backbone=clip, units=dict(file='jhmdb21'), neck=dict(embed_dims=128), cls_head=clip)
set_frame_size(_base_, 64, 72)
# That of mgdm_custom_tiny.py, for hard negatives.
change_steps(
    _base_, AttachHardNegatives=dict(negatives_file=f'{_base_.data_root}/negatives_tiny.jsonl')
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
del clip
