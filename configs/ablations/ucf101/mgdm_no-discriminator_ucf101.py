"""UCF101, without the discriminator: the texts as CLIP embeds them.

    tools/dist_train.sh configs/ablations/ucf101/mgdm_no-discriminator_ucf101.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, ablation of the parts, row "without the discriminator"; printed top-1: 97.3. Not run by us.
"""

_base_ = '../../ucf101/mgdm_vit-l-14_16f_ucf101_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
model = dict(cls_head=dict(discriminator=None))
