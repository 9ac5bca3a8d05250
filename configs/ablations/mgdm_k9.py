"""k = 9: the nine hardest negatives.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/mgdm_k9.py 8 --amp

`MGDM_DATASET`: k400 (the default), hmdb51 or ucf101, these with `MGDM_SPLIT`. Each has a work
directory of its own.
Paper, table on k, row 9 (top), top-1 / top-5 printed:
87.3 / 97.9 (k400), 82.0 / 96.1 (hmdb51), 98.2 / 99.7 (ucf101). Not run by us.
"""

_base_ = '../_base_/ablation.py'
from mgdm_mmaction.config import change_steps

change_steps(_base_, AttachHardNegatives=dict(k=9))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
