"""UCF101, k = 3: the three hardest negatives.

    tools/dist_train.sh configs/ablations/ucf101/mgdm_k3_ucf101.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, table on k, row 3 (top); printed top-1 / top-5: 97.5 / 99.7. Not run by us.
"""

_base_ = '../../ucf101/mgdm_vit-l-14_16f_ucf101_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
_base_.train_dataloader.dataset.pipeline[1].k = 3
