# MGDM on CLIP ViT-L/14.
_base_ = 'clip_vit-l-14.py'

model = dict(
    type='MGDM',
    neck=dict(type='TextGuidedTemporalHead', num_frames=int('{{$MGDM_FRAMES:16}}'), num_layers=6),
    cls_head=dict(discriminator=dict(num_layers=2), context='all'),
    loss=dict(type='AugmentedContrastiveLoss', target='smoothed'),
)
