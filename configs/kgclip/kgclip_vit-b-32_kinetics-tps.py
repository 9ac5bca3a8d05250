"""KG-CLIP, CLIP ViT-B/32, Kinetics-TPS, 16 frames.

    tools/dist_train.sh configs/kgclip/kgclip_vit-b-32_kinetics-tps.py 4 --amp
Data, graph, frames, shares and ablations as in configs/kgclip/kgclip_vit-b-16_kinetics-tps.py.

Protocol: 1 clip x frames x 1 centre crop of 224. Not run by us.
"""

_base_ = 'kgclip_vit-b-16_kinetics-tps.py'

arch = 'ViT-B-32'
model = dict(backbone=dict(arch=arch), cls_head=dict(arch=arch))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}{_base_.suffix}'
