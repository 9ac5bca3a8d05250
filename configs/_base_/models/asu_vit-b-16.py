# ASU on CLIP ViT-B/16. A config sets `model.units.file`. The internals are a reconstruction
# (docs/asu.md).
_base_ = 'clip_vit-b-16.py'

model = dict(
    type='ASU',
    # Regions of a frame beside its global feature: 'last_block' or 'pool'; 0 switches them off.
    regions=dict(num_regions=8, mode='last_block'),
    # A file of tools/build_units.py, or a packaged one (toy, jhmdb21, hmdb51, ucf101, k400).
    units=dict(file='k400', kinds=('body', 'object', 'scene', 'motion')),
    neck=dict(
        type='SemanticUnitDecoder',
        num_frames=int('{{$MGDM_FRAMES:8}}'),
        num_layers=4,
        selection='soft',  # 'topk', 'straight_through'
        query='units',  # 'learned': the control without units
    ),
    cls_head=dict(discriminator=None),
    class_loss=dict(type='ClassTextLoss', label_smoothing=0.1),
    # contrastive=dict(type='AugmentedContrastiveLoss') adds MGDM's loss, with mined negatives.
    unit_loss_weight=0.0,
)
