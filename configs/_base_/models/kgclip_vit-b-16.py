# KG-CLIP on CLIP ViT-B/16. A config sets `model.cls_head.classes` and `model.graph`. Every choice
# is a key here; docs/kgclip.md says which are those of the public code, and which are ours.
arch = 'ViT-B-16'
# An open_clip tag, downloaded once, or the path of a local file.
pretrained = 'openai'

model = dict(
    type='KGCLIP',
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        # CLIP's own statistics, on RGB in 0..255.
        mean=[122.7709, 116.7460, 104.0937],
        std=[68.5005, 66.6322, 70.3232],
        format_shape='NCHW',
    ),
    backbone=dict(type='CLIPBackbone', arch=arch, pretrained=pretrained, with_cp=False),
    # embed_dims is the width of CLIP's joint space: 768 for L/14, 512 for B/32 and B/16.
    neck=dict(
        type='TripletEncoder',
        embed_dims=512,
        num_frames=int('{{$MGDM_FRAMES:16}}'),
        temporal_layers=0,
        num_layers=3,
        dropout=0.1,
        attention='factored',  # 'pairwise', 'none'
        deviation='shared',  # 'relation', 'none'
    ),
    # Raw names, as the movements are.
    cls_head=dict(
        type='HardNegativeTextHead',
        arch=arch,
        pretrained=pretrained,
        classes='k400',
        prompt='{}',
        discriminator=None,
        train_text=False,
    ),
    graph=None,
    relations=('v-a', 'v-b', 'a-b'),
    triplet_weight=1.0,
    cosine_weight=1.0,  # lambda; the public script tries 0.5, 1, 1.5
    positives='id',  # 'graph'
    fusion_weight=0.5,
    use_inverse=True,
    test_cfg=dict(average_clips='prob'),
)
