"""ASU on your own clips: CLIP ViT-B/16, 8 frames, one GPU. Works as it is, or copy and change it.

Data and variables as in configs/custom/mgdm_custom.py. From a folder a class to a checkpoint:
    python tools/data/build_lists.py folders data/custom/videos --out data/custom \
        --val-fraction 0.2 --delimiter tab
    python tools/build_units.py data/custom/classes.txt --out data/custom/units.json
    python tools/train.py configs/asu/asu_custom.py --amp
    python tools/test.py configs/asu/asu_custom.py work_dirs/asu_custom/epoch_20.pth
Units are better from a sentence or two about each class (a csv file with the columns
class,sentence) than from the class names alone.

Protocol: 1 clip x 8 frames x 1 centre crop of 224. Batch size and learning rate are ours.
"""

_base_ = '../custom/mgdm_custom.py'
from mgdm_mmaction.config import change_steps

clip = dict(arch='ViT-B-16', pretrained='openai')
model = dict(
    _delete_=True,
    type='ASU',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(type='CLIPBackbone', **clip),
    regions=dict(num_regions=8, mode='last_block'),
    units=dict(file=f'{_base_.data_root}/units.json'),
    neck=dict(
        type='SemanticUnitDecoder', embed_dims=512, num_frames=_base_.num_frames, num_layers=4
    ),
    cls_head=dict(
        type='HardNegativeTextHead',
        classes=f'{_base_.data_root}/classes.txt',
        discriminator=None,
        **clip,
    ),
    class_loss=dict(type='ClassTextLoss', label_smoothing=0.1),
)
change_steps(_base_, AttachHardNegatives=dict(k=0))
del clip
