"""HMDB51, k = 3 (bot): the negatives of rank 7, 8 and 9, the control.

    tools/dist_train.sh configs/ablations/hmdb51/mgdm_k3-bot_hmdb51.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, table on k, row 3 (bot); printed top-1 / top-5: 79.7 / 96.5. Not run by us.
"""

_base_ = '../../hmdb51/mgdm_vit-l-14_16f_hmdb51_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
_base_.train_dataloader.dataset.pipeline[1].update(k=3, start=7)
