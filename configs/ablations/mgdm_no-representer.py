"""Without the video representer: mean of the frames.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/mgdm_no-representer.py 8 --amp

`MGDM_DATASET`: k400 (the default), hmdb51 or ucf101, these with `MGDM_SPLIT`. Each has a work
directory of its own.
Paper, ablation of the parts, row "without the representer", top-1 printed:
83.7 (k400), 76.6 (hmdb51), 96.5 (ucf101). Not run by us.
"""

_base_ = '../_base_/ablation.py'

model = dict(neck=dict(num_layers=0, attention='uniform'))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
