"""MGDM plus cross-entropy over the texts of all classes: not the paper's.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/baselines/mgdm_ce.py 8 --amp

Every class guides the attention, and all classes stand beside each other in the discriminator, as
in testing. The mined negatives of the data set are needed; `--cfg-options k=0` leaves them out.
Variables as in classifier.py. Run on the toy set and on JHMDB: docs/RESULTS.md.
"""

_base_ = '../_base_/ablation.py'

model = dict(class_loss=dict(type='ClassTextLoss', label_smoothing=0.1))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
