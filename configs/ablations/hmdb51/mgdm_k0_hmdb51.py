"""HMDB51, k = 0: no mined negatives, all parts of the model.

    tools/dist_train.sh configs/ablations/hmdb51/mgdm_k0_hmdb51.py 8 --amp

`MGDM_SPLIT=2` takes another split, and another work directory.
Paper, table on k, row 0; printed top-1 / top-5: 79.0 / 96.8. Not run by us.
"""

_base_ = '../../hmdb51/mgdm_vit-l-14_16f_hmdb51_split{{$MGDM_SPLIT:1}}.py'

work_dir = 'work_dirs/{{ fileBasenameNoExtension }}_split{{$MGDM_SPLIT:1}}'
# Nothing is mined, so no file is read: labels have the ids of the classes.
_base_.train_dataloader.dataset.pipeline[1].update(
    k=0, negatives_file=None, corpus=dict(classes='hmdb51')
)
