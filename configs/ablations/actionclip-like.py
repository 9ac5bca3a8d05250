"""The ActionCLIP-like baseline: k = 0, mean pool, no discriminator.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/actionclip-like.py 8 --amp

Variables as in mgdm_k0.py. Not a row of the paper: what is left of it without its three ideas.
"""

_base_ = 'mgdm_k0.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
