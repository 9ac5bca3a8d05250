"""KG-CLIP on your own clips: CLIP ViT-B/16, 8 frames, one GPU.

Data and variables as in configs/custom/mgdm_custom.py. Write what a body does in each class as rows
`class,movement` into movements.csv ("golf,arms swing golf club"), four to ten a class:
    python tools/data/build_lists.py folders data/custom/videos --out data/custom \
        --val-fraction 0.2 --delimiter tab
    python tools/build_graph.py movements.csv --classes data/custom/classes.txt \
        --out data/custom/graph.json --html graph.html
    python tools/train.py configs/kgclip/kgclip_custom.py --amp
    python tools/test.py configs/kgclip/kgclip_custom.py work_dirs/kgclip_custom/epoch_20.pth
Sentences about the classes do, too (`--descriptions`, rows `class,sentence`). `MGDM_GRAPH` names
another graph, or a packaged one: `MGDM_GRAPH=jhmdb21`. Ablations: the keys in kgclip_toy.py.

No flip, because movements may name sides; where they do not: MGDM_FLIP=0.5.
Protocol: 1 clip x 8 frames x 1 centre crop of 224. Batch size and learning rate are ours.
"""

_base_ = '../custom/mgdm_custom.py'
from mgdm_mmaction.config import change_steps

graph = '{{$MGDM_GRAPH:-}}'.strip('-') or f'{_base_.data_root}/graph.json'
clip = dict(arch='ViT-B-16', pretrained='openai')
model = dict(
    _delete_=True,
    type='KGCLIP',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(type='CLIPBackbone', **clip),
    neck=dict(type='TripletEncoder', embed_dims=512, num_frames=_base_.num_frames, num_layers=3),
    cls_head=dict(
        type='HardNegativeTextHead',
        classes=f'{_base_.data_root}/classes.txt',
        prompt='{}',
        discriminator=None,
        **clip,
    ),
    graph=graph,
    test_cfg=dict(average_clips='prob'),
)
del clip

change_steps(
    _base_,
    AttachHardNegatives=dict(_delete_=True, type='AttachTriplets', graph=graph),
    PackActionInputs=dict(algorithm_keys=('triplet_ids', 'movements')),
    Flip=dict(flip_ratio=float('{{$MGDM_FLIP:0}}')),
)
custom_hooks = [*_base_.custom_hooks, dict(type='CheckGraphHook')]
