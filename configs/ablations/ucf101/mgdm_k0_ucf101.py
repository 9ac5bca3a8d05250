"""UCF101, k = 0: no mined negatives, all parts of the model.

    tools/dist_train.sh configs/ablations/ucf101/mgdm_k0_ucf101.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, table on k, row 0; printed top-1 / top-5: 96.3 / 99.7. Not run by us.
"""

_base_ = '../../ucf101/mgdm_vit-l-14_16f_ucf101_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
# Nothing is mined, so no file is read: labels have the ids of the classes.
_base_.train_dataloader.dataset.pipeline[1].update(
    k=0, negatives_file=None, corpus=dict(classes='ucf101')
)
