"""Few-shot: K training videos a class of HMDB51 or UCF101, from CLIP's weights.

Choose the videos once for K = 2, 4, 8, 16 and seeds 1, 2, 3, and mine those of the whole split:
    python tools/data/build_protocol.py few-shot data/hmdb51/hmdb51_train_split_1_videos.txt \
        --classes hmdb51 --out data/hmdb51/few_shot
    python tools/mine_negatives.py configs/hmdb51/mgdm_vit-b-16_16f_hmdb51.py
For each K and seed:
    export MGDM_DATASET=hmdb51 MGDM_SHOTS=2
    MGDM_SEED=1 tools/dist_train.sh configs/few_shot/mgdm_16f_few-shot.py 8 --amp
Mean and spread over the seeds:
    python tools/evaluate.py configs/few_shot/mgdm_16f_few-shot.py \
        'work_dirs/mgdm_vit-b-16_16f_hmdb51_split1_2shot_seed{MGDM_SEED}/epoch_50.pth' \
        --over MGDM_SEED=1-3
`MGDM_TOWER=l-14` takes the paper's tower; mine with its config.

Protocol: tested on all of the split, 1 clip x 16 frames x 1 centre crop of 224. The schedule
is ours: 50 epochs of a global batch of 64, so that two videos a class are more than a few steps.
"""

_base_ = '../{{$MGDM_DATASET:hmdb51}}/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_{{$MGDM_DATASET:hmdb51}}.py'

shots, seed = int('{{$MGDM_SHOTS:2}}'), '{{$MGDM_SEED:1}}'
protocol = dict(name='few-shot', data=_base_.data, split=int(_base_.split), shots=shots, seed=seed)
work_dir = f'{_base_.work_dir}_{shots}shot_seed{seed}'
lists = f'{_base_.data_root}/few_shot/{_base_.data}_train_split_{_base_.split}_videos'
train_dataloader = dict(batch_size=8, dataset=dict(ann_file=f'{lists}_{shots}shot_seed{seed}.txt'))

optim_wrapper = dict(optimizer=dict(lr=2e-5))
auto_scale_lr = dict(base_batch_size=64)
train_cfg = dict(max_epochs=50, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0, begin=5, end=50, convert_to_iter_based=True),
]
