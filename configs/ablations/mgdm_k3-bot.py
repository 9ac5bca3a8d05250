"""k = 3 (bot): the negatives of rank 7, 8 and 9, the control.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/mgdm_k3-bot.py 8 --amp

`MGDM_DATASET`: k400 (the default), hmdb51 or ucf101, these with `MGDM_SPLIT`. Each has a work
directory of its own.
Paper, table on k, row 3 (bot), top-1 / top-5 printed:
86.1 / 97.2 (k400), 79.7 / 96.5 (hmdb51), 96.9 / 99.4 (ucf101). Not run by us.
"""

_base_ = '../_base_/ablation.py'
from mgdm_mmaction.config import change_steps

change_steps(_base_, AttachHardNegatives=dict(k=3, start=7))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
