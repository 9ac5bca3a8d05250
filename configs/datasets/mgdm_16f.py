"""MGDM, CLIP ViT-B/16, 16 frames, k = 7, on the data set that MGDM_DATASET names.

`sthv2` (Something-Something v2, the default), `diving48`, `activitynet`, `jhmdb` (split
MGDM_SPLIT), `kinetics600` or `kinetics700`. Lists and classes.txt are made of the official files,
in `data/sthv2/annotations`, and lie beside the videos, in `data/sthv2/videos` (docs/data.md):
    export MGDM_DATASET=sthv2
    python tools/data/build_lists.py sthv2 data/sthv2
    python tools/mine_negatives.py configs/datasets/mgdm_16f.py
    tools/dist_train.sh configs/datasets/mgdm_16f.py 8 --amp
    tools/dist_test.sh configs/datasets/mgdm_16f.py CHECKPOINT 8
`MGDM_TOWER=l-14` takes the paper's tower. Something-Something v2 is trained without flips.

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Not in the paper. Not run by us.
"""

_base_ = [
    '../_base_/models/mgdm_vit-{{$MGDM_TOWER:b-16}}.py',
    '../_base_/datasets/named.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

tower = '{{$MGDM_TOWER:b-16}}'
model = dict(cls_head=dict(classes=f'{_base_.data_root}/classes.txt'))
change_steps(
    _base_,
    AttachHardNegatives=dict(
        negatives_file=f'{_base_.data_root}/negatives_{_base_.lists}_vit-{tower}_openai.jsonl'
    ),
)
work_dir = f'work_dirs/mgdm_vit-{tower}_16f_{_base_.data_name}'
