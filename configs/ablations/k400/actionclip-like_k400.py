"""Kinetics-400, the ActionCLIP-like baseline: k = 0, mean pool, no discriminator.

    tools/dist_train.sh configs/ablations/k400/actionclip-like_k400.py 8 --amp

Not a row of the paper: what is left of it without its three ideas.
"""

_base_ = 'mgdm_k0_k400.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
