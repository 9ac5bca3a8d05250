"""Base to novel: 16 videos of each base class of HMDB51 or UCF101, from CLIP's weights.

    python tools/data/build_protocol.py base-to-novel --classes hmdb51 \
        --train data/hmdb51/hmdb51_train_split_1_videos.txt \
        --val data/hmdb51/hmdb51_val_split_1_videos.txt --out data/hmdb51/base_to_novel
For each seed:
    export MGDM_DATASET=hmdb51
    MGDM_SEED=1 python tools/mine_negatives.py configs/base_to_novel/mgdm_16f_base.py
    MGDM_SEED=1 tools/dist_train.sh configs/base_to_novel/mgdm_16f_base.py 8 --amp
Base and novel classes, and the harmonic mean of both:
    python tools/evaluate.py --configs configs/base_to_novel/mgdm_16f_base.py \
        configs/base_to_novel/mgdm_16f_novel.py --over MGDM_SEED=1-3 --checkpoints \
        'work_dirs/mgdm_vit-b-16_16f_hmdb51_base_seed{MGDM_SEED}/epoch_20.pth'
`MGDM_TOWER=l-14` takes the paper's tower. Negatives are base classes alone: novel ones stay unseen.

Protocol: split 1, 1 clip x 16 frames x 1 centre crop of 224. The recipe is that of full training,
which is our choice for this protocol.
"""

_base_ = '../{{$MGDM_DATASET:hmdb51}}/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_{{$MGDM_DATASET:hmdb51}}.py'
from mgdm_mmaction.config import change_steps

seed = '{{$MGDM_SEED:1}}'
protocol = dict(name='base-to-novel', data=_base_.data, split=1, shots=16, seed=seed, part='base')
run = f'work_dirs/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_{_base_.data}'
work_dir = f'{run}_base_seed{seed}'
load_from = None
lists = f'{_base_.data_root}/base_to_novel'
model = dict(cls_head=dict(classes=f'{lists}/base_classes.txt'))
train_dataloader = dict(
    batch_size=8, dataset=dict(ann_file=f'{lists}/base_train_16shot_seed{seed}.txt')
)
val_dataloader = dict(dataset=dict(ann_file=f'{lists}/base_val.txt'))
test_dataloader = val_dataloader
change_steps(
    _base_,
    AttachHardNegatives=dict(
        negatives_file=f'{lists}/negatives_base_16shot_seed{seed}'
        '_vit-{{$MGDM_TOWER:b-16}}_openai.jsonl'
    ),
)

optim_wrapper = dict(optimizer=dict(lr=2e-5))
auto_scale_lr = dict(base_batch_size=64)
