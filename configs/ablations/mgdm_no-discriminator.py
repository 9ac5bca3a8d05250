"""Without the discriminator: the texts as CLIP embeds them.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/ablations/mgdm_no-discriminator.py 8 --amp

`MGDM_DATASET`: k400 (the default), hmdb51 or ucf101, these with `MGDM_SPLIT`. Each has a work
directory of its own.
Paper, ablation of the parts, row "without the discriminator", top-1 printed:
86.2 (k400), 80.1 (hmdb51), 97.3 (ucf101). Not run by us.
"""

_base_ = '../_base_/ablation.py'

model = dict(cls_head=dict(discriminator=None))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
