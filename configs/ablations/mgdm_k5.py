"""k = 5: the five hardest negatives.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/mgdm_k5.py 8 --amp

`MGDM_DATASET`: k400 (the default), hmdb51 or ucf101, these with `MGDM_SPLIT`. Each has a work
directory of its own.
Paper, table on k, row 5 (top), top-1 / top-5 printed:
86.9 / 97.7 (k400), 81.7 / 96.0 (hmdb51), 97.8 / 99.7 (ucf101). Not run by us.
"""

_base_ = '../_base_/ablation.py'
from mgdm_mmaction.config import change_steps

change_steps(_base_, AttachHardNegatives=dict(k=5))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
