# What all methods on CLIP ViT-L/14 share. A config sets `model.cls_head.classes`, the class names
# of its data set.
arch = 'ViT-L-14'
# An open_clip tag, downloaded once, or the path of a local file in open_clip, OpenAI, Hugging Face
# or MMPretrain format.
pretrained = 'openai'

model = dict(
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
    # The width of CLIP's joint space: 768 for L/14, 512 for B/32 and B/16.
    neck=dict(embed_dims=768),
    cls_head=dict(type='HardNegativeTextHead', arch=arch, pretrained=pretrained, classes='k400'),
    test_cfg=dict(average_clips='prob'),
)
