"""Zero-shot CLIP on all classes of HMDB51 or UCF101: frames averaged, nothing trained.

    MGDM_DATASET=hmdb51 python tools/evaluate.py configs/zero_shot/clip_16f_zero-shot_all.py \
        --over MGDM_SPLIT=1-3

Lists as in mgdm_16f_zero-shot_all.py.
"""

_base_ = 'mgdm_16f_zero-shot_all.py'

work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data}'
model = dict(
    neck=dict(num_layers=0, attention='uniform'),
    cls_head=dict(discriminator=None),
)
