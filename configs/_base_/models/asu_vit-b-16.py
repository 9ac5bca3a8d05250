# ASU on CLIP ViT-B/16. A config sets `model.cls_head.classes` and `model.units.file`. The internals
# are a reconstruction (docs/asu.md); every choice is a key here.
arch = 'ViT-B-16'
# An open_clip tag, downloaded once, or the path of a local file.
pretrained = 'openai'

model = dict(
    type='ASU',
    data_preprocessor=dict(
        type='ActionDataPreprocessor',
        # CLIP's own statistics, on RGB in 0..255.
        mean=[122.7709, 116.7460, 104.0937],
        std=[68.5005, 66.6322, 70.3232],
        format_shape='NCHW',
    ),
    backbone=dict(type='CLIPBackbone', arch=arch, pretrained=pretrained, with_cp=True),
    # Regions of a frame beside its global feature: 'last_block' or 'pool'; 0 switches them off.
    regions=dict(num_regions=8, mode='last_block'),
    # A file of tools/build_units.py, or a packaged one (toy, jhmdb21, hmdb51, ucf101, k400).
    units=dict(file='k400', kinds=('body', 'object', 'scene', 'motion')),
    # embed_dims is the width of CLIP's joint space: 768 for L/14, 512 for B/32 and B/16.
    neck=dict(
        type='SemanticUnitDecoder',
        embed_dims=512,
        num_frames=int('{{$MGDM_FRAMES:8}}'),
        num_layers=4,
        selection='soft',  # 'topk', 'straight_through'
        query='units',  # 'learned': the control without units
    ),
    cls_head=dict(
        type='HardNegativeTextHead',
        arch=arch,
        pretrained=pretrained,
        classes='k400',
        discriminator=None,
    ),
    label_smoothing=0.1,
    contrastive=None,  # dict(type='AugmentedContrastiveLoss'), with mined negatives
    unit_loss_weight=0.0,
    test_cfg=dict(average_clips='prob'),
)
