"""Zero-shot: trained on Kinetics-400, tested on all classes of HMDB51 or UCF101, three splits.

    MGDM_DATASET=hmdb51 python tools/evaluate.py configs/zero_shot/mgdm_16f_zero-shot_all.py \
        K400.pth --over MGDM_SPLIT=1-3
`K400.pth` is a checkpoint of configs/k400/mgdm_vit-b-16_16f_k400.py or, with `MGDM_TOWER=l-14`, of
configs/mgdm_k400.py. CLIP's weights have to be the ones it was trained from: they encode the names
of the classes. For CLIP before any training: clip_16f_zero-shot_all.py.

Protocol: 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = '../{{$MGDM_DATASET:hmdb51}}/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_{{$MGDM_DATASET:hmdb51}}.py'

protocol = dict(name='zero-shot, all classes', data=_base_.data, split=_base_.split)
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data}'
model = dict(cls_head=dict(open_vocabulary=True))
# It only tests.
load_from = train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
