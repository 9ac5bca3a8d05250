"""CLIP as it is, fine-tuned, after ViFi-CLIP: both towers trained, mean of the frames.

    MGDM_DATASET=hmdb51 tools/dist_train.sh configs/baselines/vificlip.py 8 --amp

Cross-entropy over all class texts, and no part that CLIP does not have: tested without a checkpoint
it is zero-shot CLIP. Variables as in classifier.py. ViFi-CLIP: arXiv:2212.03640. Run on the toy
set and, with the tiny CLIP, on JHMDB: docs/RESULTS.md.
"""

_base_ = 'classifier.py'

model = dict(neck=dict(num_layers=0), cls_head=dict(train_text=True, with_cp=True))
# At a tenth of the rate, as CLIP's image tower.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(text_bank=dict(lr_mult=0.1))))
work_dir = f'work_dirs/{{ fileBasenameNoExtension }}_{_base_.data_name}'
