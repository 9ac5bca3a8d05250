"""Contrast within the batch, after ActionCLIP: both towers trained, temporal transformer, k = 0.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/baselines/actionclip.py 8 --amp

The loss is the symmetric KL divergence over the texts of the batch, one prompt a class where
ActionCLIP draws from 16. Variables as in classifier.py; configs/ablations/actionclip-like.py has
frozen texts and a plain mean. ActionCLIP: arXiv:2109.08472. Run on the toy set and on JHMDB:
docs/RESULTS.md.
"""

_base_ = '../_base_/ablation.py'
from mgdm_mmaction.config import change_steps

model = dict(
    neck=dict(attention='uniform'),
    cls_head=dict(discriminator=None, train_text=True, with_cp=True),
)
# At a tenth of the rate, as CLIP's image tower.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(text_bank=dict(lr_mult=0.1))))
change_steps(_base_, AttachHardNegatives=dict(k=0))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
