"""Zero-shot ASU: trained on Kinetics-400, tested on all classes of HMDB51 or UCF101, three splits.

    MGDM_DATASET=hmdb51 python tools/evaluate.py configs/asu/asu_8f_zero-shot.py K400.pth \
        --over MGDM_SPLIT=1-3
`K400.pth` is a checkpoint of configs/asu/asu_vit-b-16_8f_k400.py. Classes and semantic units are
exchanged for those of the data set; `--cfg-options model.units.file=k400` keeps those of training.

Protocol: 1 clip x 8 frames x 1 centre crop of 224. To compare with: X-CLIP-B/16 prints 44.6 for
HMDB51 and 72.0 for UCF101. Not run by us.
"""

_base_ = 'asu_32f_few-shot.py'
from mgdm_mmaction.config import change_steps

protocol = dict(_delete_=True, name='zero-shot, all classes', data=_base_.data, split=_base_.split)
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data}'
num_frames = int('{{$MGDM_FRAMES:8}}')
model = dict(neck=dict(num_frames=num_frames), cls_head=dict(open_vocabulary=True))
change_steps(_base_, UniformSample=dict(clip_len=num_frames))
# It only tests.
load_from = train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
