"""MGDM, CLIP ViT-B/16, Kinetics-400, 16 frames, k = 7: a smaller tower than the paper's.

    python tools/mine_negatives.py configs/k400/mgdm_vit-b-16_16f_k400.py
    tools/dist_train.sh configs/k400/mgdm_vit-b-16_16f_k400.py 8 --amp

Protocol: 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = [
    '../_base_/models/mgdm_vit-b-16.py',
    '../_base_/datasets/k400.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

model = dict(cls_head=dict(classes='k400'))
change_steps(
    _base_,
    AttachHardNegatives=dict(negatives_file=f'{_base_.data_root}/negatives_vit-b-16_openai.jsonl'),
)
