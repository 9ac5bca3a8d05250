"""MGDM, CLIP ViT-B/16, Kinetics-400, 8 frames, k = 7: half the frames of the paper.

    tools/dist_train.sh configs/k400/mgdm_vit-b-16_8f_k400.py 8 --amp

It takes the negatives that were mined with 16 frames, once for both.
Protocol: 1 clip x 8 frames x 1 centre crop of 224.
"""

_base_ = 'mgdm_vit-b-16_16f_k400.py'
from mgdm_mmaction.config import change_steps

# Half the frames fit without recomputation.
model = dict(backbone=dict(with_cp=False), neck=dict(num_frames=8))
change_steps(_base_, UniformSample=dict(clip_len=8))
