"""Kinetics-400, without the discriminator: the texts as CLIP embeds them.

    tools/dist_train.sh configs/ablations/k400/mgdm_no-discriminator_k400.py 8 --amp

Paper, ablation of the parts, row "without the discriminator"; printed top-1: 86.2. Not run by us.
"""

_base_ = '../../mgdm_k400.py'

model = dict(cls_head=dict(discriminator=None))
