"""MGDM, CLIP ViT-L/14, HMDB51, 16 frames, k = 7, from CLIP's weights or a Kinetics checkpoint.

Data (MMAction2's lists, `path label` a line), under `$MGDM_DATA`, which is `data` by default:
    hmdb51/videos/<class>/<name>.avi    hmdb51/hmdb51_{train,val}_split_1_videos.txt

    python tools/mine_negatives.py configs/hmdb51/mgdm_vit-l-14_16f_hmdb51.py
    tools/dist_train.sh configs/hmdb51/mgdm_vit-l-14_16f_hmdb51.py 8 --amp
    tools/dist_test.sh configs/hmdb51/mgdm_vit-l-14_16f_hmdb51.py CHECKPOINT 8

`MGDM_SPLIT=2` in front of a command takes another split, mining included.
`MGDM_K400_CHECKPOINT=epoch_20.pth` starts from a checkpoint of configs/mgdm_k400.py.
Each split and start has a work directory of its own.

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Printed by the paper: top-1 / top-5
82.2 / 96.0; it does not say for which split. Not run by us.
"""

_base_ = [
    '../_base_/models/mgdm_vit-l-14.py',
    '../_base_/datasets/hmdb51.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

model = dict(cls_head=dict(classes='hmdb51'))
change_steps(
    _base_,
    AttachHardNegatives=dict(
        negatives_file=f'{_base_.data_root}/negatives_split_{_base_.split}_vit-l-14_openai.jsonl'
    ),
)
load_from = None if _base_.start == 'clip' else _base_.start
work_dir = f'work_dirs/mgdm_vit-l-14_16f_{_base_.data_name}'
