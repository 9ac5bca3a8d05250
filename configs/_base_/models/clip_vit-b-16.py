# What all methods on CLIP ViT-B/16 share.
_base_ = 'clip_vit-l-14.py'

arch = 'ViT-B-16'
model = dict(
    backbone=dict(arch=arch),
    neck=dict(embed_dims=512),
    cls_head=dict(arch=arch),
)
