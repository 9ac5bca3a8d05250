"""KG-CLIP, CLIP ViT-B/16, 16 frames, on the data set that MGDM_DATASET names, such as JHMDB.

Names, lists and splits: configs/datasets/mgdm_16f.py. The graph is data/NAME/graph.json, built by
tools/build_graph.py (docs/kgclip.md), or what MGDM_GRAPH says: JHMDB has a packaged one, of
movements written by hand.
    export MGDM_DATASET=jhmdb MGDM_GRAPH=jhmdb21 MGDM_SPLIT=1
    python tools/data/build_lists.py jhmdb data/jhmdb
    tools/dist_train.sh configs/kgclip/kgclip_16f.py 2 --amp --auto-scale-lr
    tools/dist_test.sh configs/kgclip/kgclip_16f.py CHECKPOINT 2
Frames: MGDM_FRAMES. Ablations: the keys in configs/kgclip/kgclip_toy.py. No flip, because movements
may name sides.

Protocol: 1 clip x 16 frames x 1 centre crop of 224. Not run by us.
"""

_base_ = [
    '../_base_/models/kgclip_vit-b-16.py',
    '../_base_/datasets/named.py',
    '../_base_/schedules/adamw_20e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps

graph = '{{$MGDM_GRAPH:-}}'.strip('-') or f'{_base_.data_root}/graph.json'
model = dict(cls_head=dict(classes=f'{_base_.data_root}/classes.txt'), graph=graph)
change_steps(
    _base_,
    AttachHardNegatives=dict(_delete_=True, type='AttachTriplets', graph=graph),
    PackActionInputs=dict(algorithm_keys=('triplet_ids', 'movements')),
    Flip=dict(flip_ratio=0),
)
custom_hooks = [*_base_.custom_hooks, dict(type='CheckGraphHook')]
work_dir = f'work_dirs/kgclip_16f_{_base_.data_name}'
