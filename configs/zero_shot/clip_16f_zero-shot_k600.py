"""Zero-shot CLIP on 160 classes of Kinetics-600: frames averaged, nothing trained.

    python tools/evaluate.py configs/zero_shot/clip_16f_zero-shot_k600.py \
        --over MGDM_DRAW=1-3

Lists as in mgdm_16f_zero-shot_k600.py.
"""

_base_ = 'mgdm_16f_zero-shot_k600.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}'
model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
