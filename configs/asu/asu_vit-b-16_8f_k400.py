"""ASU, CLIP ViT-B/16, Kinetics-400, 8 frames.

Data as in configs/mgdm_k400.py; no negatives are mined. Units of the class names are packaged.
    tools/dist_train.sh configs/asu/asu_vit-b-16_8f_k400.py 8 --amp
    tools/dist_test.sh configs/asu/asu_vit-b-16_8f_k400.py CHECKPOINT 8
16 frames, and views for tables (4 clips x 3 crops):
    ... --cfg-options num_frames=16
    tools/dist_test.sh ... --cfg-options UniformSample.num_clips=4 CenterCrop.type=ThreeCrop
Ablations, one key each, behind --cfg-options (docs/asu.md says what each asks):
    model.units.kinds="[body,object,scene]"    model.regions.num_regions=0 (1, 4, 16)
    model.regions.mode=pool                    model.neck.selection=topk (straight_through)
    model.neck.num_layers=0 (1, 2)             model.neck.query=learned
    model.units.file=k400_random               model.neck.gamma=0.1 model.neck.train_gamma=False
    model.backbone.frozen_stages=all           model.unit_loss_weight=0.1
    k=7 AttachHardNegatives.negatives_file=NEGATIVES.jsonl \
        model.contrastive.type=AugmentedContrastiveLoss model.data_preprocessor.blending=None

Protocol: 1 clip x 8 frames x 1 centre crop of 224. Recipe: X-CLIP's. Not run by us.
"""

_base_ = [
    '../_base_/models/asu_vit-b-16.py',
    '../_base_/datasets/k400.py',
    '../_base_/schedules/adamw_30e.py',
    '../_base_/default_runtime.py',
]
from mgdm_mmaction.config import change_steps, insert_step

blending = dict(
    type='RandomBatchAugment',
    augments=[
        dict(type='MixupBlending', num_classes=400, alpha=0.8),
        dict(type='CutmixBlending', num_classes=400, alpha=1.0),
    ],
    probs=[0.5, 0.5],
)
model = dict(data_preprocessor=dict(blending=blending))
change_steps(
    _base_,
    UniformSample=dict(clip_len=_base_.model.neck.num_frames),
    AttachHardNegatives=dict(k=0),
)
jitter = dict(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)
insert_step(_base_, 'FormatShape', dict(type='TorchVisionWrapper', op='ColorJitter', **jitter))
del blending, jitter
