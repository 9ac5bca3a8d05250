"""Few-shot ASU: K training videos a class of HMDB51 or UCF101, 32 frames, from CLIP's weights.

Lists as in configs/few_shot/mgdm_16f_few-shot.py; no negatives are mined:
    python tools/data/build_protocol.py few-shot data/hmdb51/hmdb51_train_split_1_videos.txt \
        --classes hmdb51 --out data/hmdb51/few_shot
For each K (2, 4, 8, 16) and seed:
    export MGDM_DATASET=hmdb51 MGDM_SHOTS=2
    MGDM_SEED=1 tools/dist_train.sh configs/asu/asu_32f_few-shot.py 8 --amp
Mean and spread over the seeds:
    python tools/evaluate.py configs/asu/asu_32f_few-shot.py \
        'work_dirs/asu_32f_few-shot_hmdb51_split1_2shot_seed{MGDM_SEED}/epoch_50.pth' \
        --over MGDM_SEED=1-3
Ablations as in configs/asu/asu_vit-b-16_8f_k400.py, `model.units.file=hmdb51_random` among them.

Protocol: tested on all of the split, 1 clip x 32 frames x 1 centre crop of 224. Recipe: X-CLIP's
(2e-6 for CLIP, ten times that for the rest, 50 epochs), global batch 64. To compare with:
X-CLIP-B/16 prints HMDB51 53.0 / 57.3 / 62.8 / 64.0 and UCF101 76.4 / 83.4 / 88.3 / 91.4 for K = 2 /
4 / 8 / 16; the authors of ASU print +7.1 and +15.0 over the best before it at K = 2. Not run by us.
"""

_base_ = [
    '../_base_/models/asu_vit-b-16.py',
    '../_base_/datasets/{{$MGDM_DATASET:hmdb51}}.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

shots, seed = int('{{$MGDM_SHOTS:2}}'), '{{$MGDM_SEED:1}}'
protocol = dict(name='few-shot', data=_base_.data, split=int(_base_.split), shots=shots, seed=seed)
load_from = None if _base_.start == 'clip' else _base_.start
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}_{shots}shot_seed{seed}'
lists = f'{_base_.data_root}/few_shot/{_base_.data}_train_split_{_base_.split}_videos'
train_dataloader = dict(batch_size=8, dataset=dict(ann_file=f'{lists}_{shots}shot_seed{seed}.txt'))

num_frames = int('{{$MGDM_FRAMES:32}}')
model = dict(
    neck=dict(num_frames=num_frames),
    cls_head=dict(classes=_base_.data),
    units=dict(file=_base_.data),
)
change_steps(
    _base_,
    UniformSample=dict(clip_len=num_frames),
    AttachHardNegatives=dict(k=0),
)

optim_wrapper = dict(optimizer=dict(lr=2e-5))
auto_scale_lr = dict(base_batch_size=64)
train_cfg = dict(max_epochs=50, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=5, end=50, convert_to_iter_based=True),
]
