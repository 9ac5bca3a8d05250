"""A classifier over all class texts, after Text4Vis: cross-entropy, frozen texts, nothing mined.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/baselines/classifier.py 8 --amp

The mean of the frames behind a temporal transformer meets the text of every class.
`MGDM_DATASET`: k400 (the default); hmdb51 or ucf101, these with `MGDM_SPLIT`; one of those of
configs/datasets/mgdm_16f.py; custom or, with the tiny CLIP, custom_tiny: own clips, with the
variables of configs/custom/mgdm_custom.py; toy. Each has a work directory of its own.
Text4Vis: arXiv:2207.01297. Run on the toy set and on JHMDB: docs/RESULTS.md.
"""

_base_ = '../_base_/ablation.py'
from mgdm_mmaction.config import change_steps

model = dict(
    neck=dict(attention='uniform'),
    cls_head=dict(discriminator=None),
    loss=None,
    class_loss=dict(type='ClassTextLoss', label_smoothing=0.1),
)
change_steps(_base_, AttachHardNegatives=dict(k=0))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
