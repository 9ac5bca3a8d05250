"""UCF101, split 1, from a Kinetics-400 checkpoint: one of configs/mgdm_k400.py.

    MGDM_K400_CHECKPOINT=epoch_20.pth \
        tools/dist_train.sh configs/ucf101/mgdm_vit-l-14_16f_ucf101_from-k400_split1.py 8 --amp

Takes the same lists and negatives as mgdm_vit-l-14_16f_ucf101_split1.py.
"""

_base_ = 'mgdm_vit-l-14_16f_ucf101_split1.py'

load_from = '{{$MGDM_K400_CHECKPOINT:work_dirs/mgdm_k400/epoch_20.pth}}'
