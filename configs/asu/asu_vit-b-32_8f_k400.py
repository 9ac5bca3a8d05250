"""ASU, CLIP ViT-B/32, Kinetics-400, 8 frames.

    tools/dist_train.sh configs/asu/asu_vit-b-32_8f_k400.py 8 --amp
Data, 16 frames, views and ablations as in configs/asu/asu_vit-b-16_8f_k400.py.

Protocol: 1 clip x 8 frames x 1 centre crop of 224. Recipe: X-CLIP's. Not run by us.
"""

_base_ = 'asu_vit-b-16_8f_k400.py'

arch = 'ViT-B-32'
model = dict(
    backbone=dict(arch=arch, with_cp=False),
    neck=dict(embed_dims=512),
    cls_head=dict(arch=arch),
)
