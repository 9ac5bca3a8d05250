"""KG-CLIP, CLIP ViT-B/16, Kinetics-TPS, 16 frames, the text tower trained as in the public code.

    tools/dist_train.sh configs/kgclip/kgclip_vit-b-16_kinetics-tps_train-text.py 4 --amp
Data, graph, frames and shares as in configs/kgclip/kgclip_vit-b-16_kinetics-tps.py, whose text
tower is frozen; here it gets the rate of the image tower.

Protocol: 1 clip x frames x 1 centre crop of 224. Not run by us.
"""

_base_ = 'kgclip_vit-b-16_kinetics-tps.py'

model = dict(cls_head=dict(train_text=True, with_cp=True))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}{_base_.suffix}'
