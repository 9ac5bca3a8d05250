"""KG-CLIP on the toy actions: objects and motions are the movements of the graph.

The graph comes with the toy data (data/toy/graph.json, of the training videos alone):
    python tools/make_toy_data.py data/toy
    python tools/train_toy_clip.py data/toy
    python tools/build_graph.py data/toy/graph.json --show --html graph.html
    python tools/train.py configs/kgclip/kgclip_toy.py
    python tools/test.py configs/kgclip/kgclip_toy.py work_dirs/kgclip_toy/epoch_20.pth
    python tools/demo.py data/toy/videos/val/star_growing/0000.mp4 \
        --model work_dirs/kgclip_toy/epoch_20.pth

Ablations, each a key of `--cfg-options` (docs/kgclip.md has what they mean):
    model.relations="[v-a]"            no graph; "[v-a,a-b]" no v-b, "[v-a,v-b]" no a-b
    model.triplet_weight=0             no triplet loss, and none of its score in testing
    model.cosine_weight=0.5            lambda
    model.neck.deviation=none          no delta; 'relation': one a relation and direction
    model.neck.num_layers=0            no blocks; 1
    model.neck.attention=pairwise      all B x B pairs; 'none': tokens as they are
    model.positives=graph              all tails that the graph joins to a head are positives
    model.use_inverse=False            (testing) the forward score alone
    model.fusion_weight=0              (testing) the cosine alone; 1: the triplet score alone
    model.cls_head.train_text=True     trained text tower
    model.neck.temporal_layers=0       plain mean of the frames, as in the public code
    num_frames=4                       frames
Protocol: 1 clip x 8 frames x 1 centre crop of 64, 288 validation videos of 36 classes. What comes
out is in docs/RESULTS.md.
"""

_base_ = '../toy/mgdm_toy.py'
from mgdm_mmaction.config import change_steps

graph = '{{$MGDM_GRAPH:-}}'.strip('-') or f'{_base_.data_root}/graph.json'
model = dict(
    _delete_=True,
    type='KGCLIP',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(type='CLIPBackbone', **_base_.clip),
    neck=dict(
        type='TripletEncoder',
        embed_dims=128,
        num_frames=_base_.num_frames,
        # A motion is nothing but the order of frames here, which a plain mean does not see.
        temporal_layers=6,
        num_layers=3,
    ),
    # Raw names, as the movements are.
    cls_head=dict(
        type='HardNegativeTextHead',
        classes=f'{_base_.data_root}/classes.txt',
        prompt='{}',
        discriminator=None,
        **_base_.clip,
    ),
    graph=graph,
    test_cfg=dict(average_clips='prob'),
)

change_steps(
    _base_,
    AttachHardNegatives=dict(_delete_=True, type='AttachTriplets', graph=graph),
    PackActionInputs=dict(algorithm_keys=('triplet_ids', 'movements')),
)
custom_hooks = [*_base_.custom_hooks, dict(type='CheckGraphHook')]
