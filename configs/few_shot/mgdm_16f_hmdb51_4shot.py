"""HMDB51, split 1, few-shot: K = 4 training videos a class, from CLIP's weights.

    MGDM_SEED=1 tools/dist_train.sh configs/few_shot/mgdm_16f_hmdb51_4shot.py 8 --amp

Lists, negatives and the rest as in mgdm_16f_hmdb51_2shot.py.
"""

_base_ = 'mgdm_16f_hmdb51_2shot.py'

protocol = dict(shots=4)
work_dir = f'work_dirs/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_hmdb51_4shot_seed{_base_.seed}'
train_dataloader = dict(dataset=dict(ann_file=f'{_base_.lists}_4shot_seed{_base_.seed}.txt'))
