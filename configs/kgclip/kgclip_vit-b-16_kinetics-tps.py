"""KG-CLIP, CLIP ViT-B/16, Kinetics-TPS (24 actions), 16 frames.

Data under `$MGDM_DATA/kinetics_tps`, which is `data/kinetics_tps` by default: videos/, classes.txt
(a name a line), train_list.txt, val_list.txt and test_list.txt (`path label` a line; 2 285, 762 and
762 videos), and annotations/, a folder of part annotations for each video. The graph is made of
the training videos alone; one that knows a validation or test video is refused:
    D=data/kinetics_tps
    python tools/build_graph.py $D/annotations --classes $D/classes.txt --out $D/graph.json \
        --train-list $D/train_list.txt --test-list $D/val_list.txt $D/test_list.txt
Train (4 GPUs x 16 clips), test:
    tools/dist_train.sh configs/kgclip/kgclip_vit-b-16_kinetics-tps.py 4 --amp
    tools/dist_test.sh configs/kgclip/kgclip_vit-b-16_kinetics-tps.py CHECKPOINT 4
Frames: `MGDM_FRAMES=1`, 2, 4, 8, 16. Share of the training videos, the test list unchanged:
    python tools/data/build_protocol.py shares $D/train_list.txt --classes $D/classes.txt --out $D
writes train_list_0.2.txt to train_list_0.8.txt, and `MGDM_SHARE=0.2` takes the one and
graph_0.2.json, built as above from that list. Ablations: the keys in configs/kgclip/kgclip_toy.py.

Schedule, rates, weight decay, RandAugment(2, 9) and how often colours change are those of the
public code, as far as we know it; how far they change is ours, and one draw serves a whole clip. No
flip: movements name sides. Protocol: 1 clip x frames x 1 centre crop of 224. Not run by us, and no
accuracy of the paper is known to us.
"""

_base_ = [
    '../_base_/models/kgclip_vit-b-16.py',
    '../_base_/datasets/clips.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps, insert_step

data_root = '{{$MGDM_DATA:data}}/kinetics_tps'
share = '{{$MGDM_SHARE:1}}'
suffix = '' if share == '1' else f'_{share}'  # of lists, graph and work directory
graph = '{{$MGDM_GRAPH:-}}'.strip('-') or f'{data_root}/graph{suffix}.json'

model = dict(cls_head=dict(classes=f'{data_root}/classes.txt'), graph=graph)

train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file=f'{data_root}/train_list{suffix}.txt',
        data_prefix=dict(video=f'{data_root}/videos'),
    ),
)
val_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file=f'{data_root}/val_list.txt', data_prefix=dict(video=f'{data_root}/videos')
    ),
)
test_dataloader = dict(
    batch_size=16,
    dataset=dict(
        ann_file=f'{data_root}/test_list.txt', data_prefix=dict(video=f'{data_root}/videos')
    ),
)

change_steps(
    _base_,
    AttachHardNegatives=dict(_delete_=True, type='AttachTriplets', graph=graph),
    PackActionInputs=dict(algorithm_keys=('triplet_ids', 'movements')),
    Flip=dict(flip_ratio=0),
)
# MMAction2's wrapper takes the frames of a clip together.
jitter = dict(
    type='TorchVisionWrapper',
    op='ColorJitter',
    brightness=0.4,
    contrast=0.4,
    saturation=0.2,
    hue=0.1,
)
rand_augment = dict(type='TorchVisionWrapper', op='RandAugment', num_ops=2, magnitude=9)
insert_step(_base_, 'TorchVisionWrapper', dict(type='RandomApply', transforms=[jitter], prob=0.8))
insert_step(_base_, 'RandomApply', rand_augment)
custom_hooks = [*_base_.custom_hooks, dict(type='CheckGraphHook')]

optim_wrapper = dict(
    _delete_=True,
    type='OptimWrapper',
    constructor='MGDMOptimWrapperConstructor',
    optimizer=dict(type='AdamW', lr=1e-4, betas=(0.9, 0.98), eps=1e-8, weight_decay=0.2),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1), text_bank=dict(lr_mult=0.1))),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', eta_min=0, begin=5, end=50, convert_to_iter_based=True),
]
train_cfg = dict(max_epochs=50)
auto_scale_lr = dict(base_batch_size=64)
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}{suffix}'
del share, jitter, rand_augment
