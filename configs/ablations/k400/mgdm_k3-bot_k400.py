"""Kinetics-400, k = 3 (bot): the negatives of rank 7, 8 and 9, the control.

    tools/dist_train.sh configs/ablations/k400/mgdm_k3-bot_k400.py 8 --amp

Paper, table on k, row 3 (bot); printed top-1 / top-5: 86.1 / 97.2. Not run by us.
"""

_base_ = '../../mgdm_k400.py'

_base_.train_dataloader.dataset.pipeline[1].update(k=3, start=7)
