"""Zero-shot: trained on Kinetics-400, tested on all 101 classes of UCF101, three splits.

    python tools/evaluate.py configs/zero_shot/mgdm_16f_k400_to_ucf101.py K400.pth \
        --over MGDM_SPLIT=1-3
`K400.pth` is a checkpoint of configs/k400/mgdm_vit-b-16_16f_k400.py or, with `MGDM_TOWER=l-14`, of
configs/mgdm_k400.py. CLIP's weights have to be the ones it was trained from: they encode the names
of the classes. For CLIP before any training: clip_16f_to_ucf101.py.

Protocol: 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = '../ucf101/mgdm_vit-{{$MGDM_TOWER:b-16}}_16f_ucf101_split{{$MGDM_SPLIT:1}}.py'

protocol = dict(name='zero-shot, all classes', data='ucf101', split='{{$MGDM_SPLIT:1}}')
model = dict(cls_head=dict(open_vocabulary=True))
# It only tests.
train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
