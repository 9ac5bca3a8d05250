"""Zero-shot CLIP on 50 of the 101 classes of UCF101: frames averaged, nothing trained.

    python tools/evaluate.py configs/zero_shot/clip_16f_to_ucf101_half.py --over MGDM_DRAW=1-10

Lists as in mgdm_16f_k400_to_ucf101_half.py.
"""

_base_ = 'mgdm_16f_k400_to_ucf101_half.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
