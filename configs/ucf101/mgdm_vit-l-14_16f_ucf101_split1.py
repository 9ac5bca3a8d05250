"""MGDM, CLIP ViT-L/14, UCF101, split 1, 16 frames, k = 7, from CLIP's weights.

Data (MMAction2's lists, `path label` a line), under `$MGDM_DATA`, which is `data` by default:
    ucf101/videos/<class>/<name>.avi    ucf101/ucf101_{train,val}_split_1_videos.txt

    python tools/mine_negatives.py configs/ucf101/mgdm_vit-l-14_16f_ucf101_split1.py
    tools/dist_train.sh configs/ucf101/mgdm_vit-l-14_16f_ucf101_split1.py 8 --amp
    tools/dist_test.sh configs/ucf101/mgdm_vit-l-14_16f_ucf101_split1.py CHECKPOINT 8

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Printed by the paper: top-1 / top-5
98.1 / 99.7; it does not say for which split. Not run by us.
"""

_base_ = [
    '../_base_/models/mgdm_vit-l-14.py',
    '../_base_/datasets/ucf101.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]

model = dict(cls_head=dict(classes='ucf101'))
