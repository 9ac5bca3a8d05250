"""HMDB51, the ActionCLIP-like baseline: k = 0, mean pool, no discriminator.

    tools/dist_train.sh configs/ablations/hmdb51/actionclip-like_hmdb51.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Not a row of the paper: what is left of it without its three ideas.
"""

_base_ = 'mgdm_k0_hmdb51.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
