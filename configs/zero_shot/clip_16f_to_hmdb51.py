"""Zero-shot CLIP on all 51 classes of HMDB51: frames averaged, nothing trained.

    python tools/evaluate.py configs/zero_shot/clip_16f_to_hmdb51.py --over MGDM_SPLIT=1-3

Lists as in mgdm_16f_k400_to_hmdb51.py.
"""

_base_ = 'mgdm_16f_k400_to_hmdb51.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
