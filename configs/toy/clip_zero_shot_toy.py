"""The toy set's tiny CLIP as it is: mean of the frames against the prompts, nothing trained.

Without a checkpoint the initial weights are tested:
    python tools/test.py configs/toy/clip_zero_shot_toy.py
"""

_base_ = 'mgdm_toy.py'

model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
