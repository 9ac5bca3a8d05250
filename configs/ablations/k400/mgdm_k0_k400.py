"""Kinetics-400, k = 0: no mined negatives, all parts of the model.

    tools/dist_train.sh configs/ablations/k400/mgdm_k0_k400.py 8 --amp

Paper, table on k, row 0; printed top-1 / top-5: 85.9 / 96.6. Not run by us.
"""

_base_ = '../../mgdm_k400.py'

# Nothing is mined, so no file is read: labels have the ids of the classes.
_base_.train_dataloader.dataset.pipeline[1].update(
    k=0, negatives_file=None, corpus=dict(classes='k400')
)
