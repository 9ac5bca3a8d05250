"""Zero-shot CLIP on all 101 classes of UCF101: frames averaged, nothing trained.

    python tools/evaluate.py configs/zero_shot/clip_16f_to_ucf101.py --over MGDM_SPLIT=1-3

Lists as in mgdm_16f_k400_to_ucf101.py.
"""

_base_ = 'mgdm_16f_k400_to_ucf101.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
