"""UCF101, split 1, few-shot: K = 8 training videos a class, from CLIP's weights.

    MGDM_SEED=1 tools/dist_train.sh configs/few_shot/mgdm_16f_ucf101_8shot.py 8 --amp

Lists, negatives and the rest as in mgdm_16f_ucf101_2shot.py.
"""

_base_ = 'mgdm_16f_ucf101_2shot.py'

protocol = dict(shots=8)
work_dir = f'work_dirs/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_ucf101_8shot_seed{_base_.seed}'
train_dataloader = dict(dataset=dict(ann_file=f'{_base_.lists}_8shot_seed{_base_.seed}.txt'))
