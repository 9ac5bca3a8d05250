"""Kinetics-400, without the video representer: mean of the frames.

    tools/dist_train.sh configs/ablations/k400/mgdm_no-representer_k400.py 8 --amp

Paper, ablation of the parts, row "without the representer"; printed top-1: 83.7. Not run by us.
"""

_base_ = '../../mgdm_k400.py'

model = dict(neck=dict(num_layers=0, attention='uniform'))
