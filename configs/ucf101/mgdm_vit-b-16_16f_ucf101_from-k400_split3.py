"""UCF101, split 3, from a Kinetics-400 checkpoint: one of configs/k400/mgdm_vit-b-16_16f_k400.py.

    MGDM_K400_CHECKPOINT=epoch_20.pth \
        tools/dist_train.sh configs/ucf101/mgdm_vit-b-16_16f_ucf101_from-k400_split3.py 8 --amp

Takes the same lists and negatives as mgdm_vit-b-16_16f_ucf101_split3.py.
"""

_base_ = 'mgdm_vit-b-16_16f_ucf101_split3.py'

load_from = '{{$MGDM_K400_CHECKPOINT:work_dirs/mgdm_vit-b-16_16f_k400/epoch_20.pth}}'
