"""UCF101, without the video representer: mean of the frames.

    tools/dist_train.sh configs/ablations/ucf101/mgdm_no-representer_ucf101.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, ablation of the parts, row "without the representer"; printed top-1: 96.5. Not run by us.
"""

_base_ = '../../ucf101/mgdm_vit-l-14_16f_ucf101_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
model = dict(neck=dict(num_layers=0, attention='uniform'))
