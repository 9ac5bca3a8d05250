# MGDM on CLIP ViT-L/14. The class names are the data set's: a config sets
# `model.cls_head.classes`.
arch = 'ViT-L-14'
# An open_clip tag, downloaded once, or the path of a local file in open_clip, OpenAI, Hugging Face
# or MMPretrain format.
pretrained = 'openai'

model = dict(
    type='MGDM',
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        # CLIP's own statistics, on RGB in 0..255.
        mean=[122.7709, 116.7460, 104.0937],
        std=[68.5005, 66.6322, 70.3232],
        format_shape='NCHW',
    ),
    # with_cp: 32 clips x 16 frames fit into 32 GB, which those of B/16 do not without it either.
    # Where they fit, False is faster (docs/recipe.md, `tools/get_flops.py CONFIG`).
    backbone=dict(type='CLIPBackbone', arch=arch, pretrained=pretrained, with_cp=True),
    # embed_dims is the width of CLIP's joint space: 768 for L/14, 512 for B/32 and B/16.
    neck=dict(
        type='TextGuidedTemporalHead',
        embed_dims=768,
        num_frames=int('{{$MGDM_FRAMES:16}}'),
        num_layers=6,
    ),
    cls_head=dict(
        type='HardNegativeTextHead',
        arch=arch,
        pretrained=pretrained,
        classes='k400',
        discriminator=dict(num_layers=2),
        context='all',
    ),
    loss=dict(type='AugmentedContrastiveLoss', target='smoothed'),
    test_cfg=dict(average_clips='prob'),
)
