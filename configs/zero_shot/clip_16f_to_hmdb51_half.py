"""Zero-shot CLIP on 25 of the 51 classes of HMDB51: frames averaged, nothing trained.

    python tools/evaluate.py configs/zero_shot/clip_16f_to_hmdb51_half.py --over MGDM_DRAW=1-10

Lists as in mgdm_16f_k400_to_hmdb51_half.py.
"""

_base_ = 'mgdm_16f_k400_to_hmdb51_half.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
