"""ASU on the toy actions (object x motion), the tiny sibling of asu_vit-b-16_8f_k400.py.

Data and tower as in configs/toy/mgdm_toy.py, no negatives are mined; the units are packaged:
    python tools/train.py configs/asu/asu_toy.py
    python tools/test.py configs/asu/asu_toy.py work_dirs/asu_toy/epoch_20.pth
    python tools/build_units.py toy --show --html units.html
Ablations, one key each, behind --cfg-options:
    model.regions.num_regions=0    model.neck.query=learned    model.units.file=toy_random
    model.neck.num_layers=0        model.regions.mode=pool     model.unit_loss_weight=0.1
    k=7 model.contrastive.type=AugmentedContrastiveLoss

Protocol: 1 clip x 8 frames x 1 centre crop of 64. What comes out is in docs/RESULTS.md.
"""

_base_ = '../toy/mgdm_toy.py'
from mgdm_mmaction.config import change_steps

model = dict(
    _delete_=True,
    type='ASU',
    data_preprocessor=_base_.model.data_preprocessor,
    backbone=dict(type='CLIPBackbone', **_base_.clip),
    regions=dict(num_regions=8, mode='last_block'),
    units=dict(file='toy'),
    neck=dict(
        type='SemanticUnitDecoder', embed_dims=128, num_frames=_base_.num_frames, num_layers=4
    ),
    cls_head=dict(
        type='HardNegativeTextHead',
        classes=_base_.model.cls_head.classes,
        discriminator=None,
        **_base_.clip,
    ),
    class_loss=dict(type='ClassTextLoss', label_smoothing=0.1),
)
change_steps(_base_, AttachHardNegatives=dict(k=0))
