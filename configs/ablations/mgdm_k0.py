"""k = 0: no mined negatives, all parts of the model.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/mgdm_k0.py 8 --amp

`MGDM_DATASET`: k400 (the default), hmdb51 or ucf101, these with `MGDM_SPLIT`. Each has a work
directory of its own.
Paper, table on k, row 0, top-1 / top-5 printed:
85.9 / 96.6 (k400), 79.0 / 96.8 (hmdb51), 96.3 / 99.7 (ucf101). Not run by us.
"""

_base_ = '../_base_/ablation.py'
from mgdm_mmaction.config import change_steps

# Nothing is mined and no file is read.
change_steps(_base_, AttachHardNegatives=dict(k=0))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
