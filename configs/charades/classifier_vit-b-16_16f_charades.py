"""Charades, several labels a video: each of the 157 classes is there or not. ViT-B/16, 16 frames.

The lists are those of `python tools/data/build_lists.py charades data/charades` (docs/data.md):
    tools/dist_train.sh configs/charades/classifier_vit-b-16_16f_charades.py 8 --amp

Frozen texts, a temporal transformer, binary cross-entropy over all class texts, mean average
precision; docs/recipe.md says what the keys do. Negatives are not mined: they need one label a
video. For other lists of several labels change paths and number of classes.

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Not run by us.
"""

_base_ = [
    '../_base_/models/mgdm_vit-b-16.py',
    '../_base_/datasets/clips.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

data_root = '{{$MGDM_DATA:data}}/charades'
several = dict(multi_class=True, num_classes=157, data_prefix=dict(video=f'{data_root}/videos'))
train_dataloader = dict(
    dataset=dict(ann_file=f'{data_root}/charades_train_list_videos.txt', **several)
)
val_dataloader = dict(dataset=dict(ann_file=f'{data_root}/charades_val_list_videos.txt', **several))
test_dataloader = val_dataloader
val_evaluator = dict(type='AccMetric', metric_list=('mean_average_precision',))
test_evaluator = val_evaluator

model = dict(
    neck=dict(attention='uniform'),
    cls_head=dict(classes=f'{data_root}/classes.txt', discriminator=None, threshold=0.2),
    loss=None,
    class_loss=dict(type='ClassTextLoss', multi_label=True),
    test_cfg=dict(average_clips='sigmoid'),
)
change_steps(_base_, AttachHardNegatives=dict(k=0))
del several
