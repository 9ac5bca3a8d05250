"""UCF101, k = 3 (bot): the negatives of rank 7, 8 and 9, the control.

    tools/dist_train.sh configs/ablations/ucf101/mgdm_k3-bot_ucf101.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, table on k, row 3 (bot); printed top-1 / top-5: 96.9 / 99.4. Not run by us.
"""

_base_ = '../../ucf101/mgdm_vit-l-14_16f_ucf101_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
_base_.train_dataloader.dataset.pipeline[1].update(k=3, start=7)
