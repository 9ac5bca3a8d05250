"""UCF101, split 1, few-shot: K = 2 training videos a class, from CLIP's weights.

Choose the videos once for K = 2, 4, 8, 16 and seeds 1, 2, 3, and mine those of the whole split:
    python tools/data/build_protocol.py few-shot data/ucf101/ucf101_train_split_1_videos.txt \
        --classes ucf101 --out data/ucf101/few_shot
    python tools/mine_negatives.py configs/ucf101/mgdm_vit-b-16_16f_ucf101_split1.py
For each seed:
    MGDM_SEED=1 tools/dist_train.sh configs/few_shot/mgdm_16f_ucf101_2shot.py 8 --amp
Mean and spread over the seeds:
    python tools/evaluate.py configs/few_shot/mgdm_16f_ucf101_2shot.py \
        'work_dirs/mgdm_vit-b-16_16f_ucf101_2shot_seed{MGDM_SEED}/epoch_50.pth' --over MGDM_SEED=1-3
`MGDM_TOWER=l-14` takes the paper's tower; mine with its config.

Protocol: tested on all of split 1, 1 clip x 16 frames x 1 centre crop of 224. The schedule is ours:
50 epochs of a global batch of 64, so that two videos a class are more than a handful of steps.
"""

_base_ = '../ucf101/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_ucf101_split1.py'

seed = '{{$MGDM_SEED:1}}'
protocol = dict(name='few-shot', data='ucf101', split=1, shots=2, seed=seed)
work_dir = f'work_dirs/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_ucf101_2shot_seed{seed}'
lists = f'{_base_.data_root}/few_shot/ucf101_train_split_1_videos'
train_dataloader = dict(batch_size=8, dataset=dict(ann_file=f'{lists}_2shot_seed{seed}.txt'))

optim_wrapper = dict(optimizer=dict(lr=2e-5))
auto_scale_lr = dict(base_batch_size=64)
train_cfg = dict(max_epochs=50, val_interval=10)
_base_.param_scheduler[1].end = 50
