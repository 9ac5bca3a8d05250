# KG-CLIP on CLIP ViT-B/16. A config sets `model.graph`. Every choice is a key here; docs/kgclip.md
# says which are those of the public code, and which are ours.
_base_ = 'clip_vit-b-16.py'

model = dict(
    type='KGCLIP',
    backbone=dict(with_cp=False),
    neck=dict(
        type='TripletEncoder',
        num_frames=int('{{$MGDM_FRAMES:16}}'),
        temporal_layers=0,
        num_layers=3,
        dropout=0.1,
        attention='factored',  # 'pairwise', 'none'
        deviation='shared',  # 'relation', 'none'
    ),
    # Raw names, as the movements are.
    cls_head=dict(prompt='{}', discriminator=None, train_text=False),
    graph=None,
    relations=('v-a', 'v-b', 'a-b'),
    triplet_weight=1.0,
    cosine_weight=1.0,  # lambda; the public script tries 0.5, 1, 1.5
    positives='id',  # 'graph'
    fusion_weight=0.5,
    use_inverse=True,
)
