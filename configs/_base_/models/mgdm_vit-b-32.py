# MGDM on CLIP ViT-B/32.
_base_ = 'mgdm_vit-l-14.py'

arch = 'ViT-B-32'
model = dict(
    backbone=dict(arch=arch, with_cp=False),
    neck=dict(embed_dims=512),
    cls_head=dict(arch=arch),
)
