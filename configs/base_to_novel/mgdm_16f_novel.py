"""Base to novel: the classes that training on the base classes did not have.

    MGDM_SEED=1 python tools/evaluate.py configs/base_to_novel/mgdm_16f_novel.py CHECKPOINT

CHECKPOINT is one of mgdm_16f_base.py, whose header has all commands and variables.
"""

_base_ = 'mgdm_16f_base.py'

protocol = dict(part='novel')
work_dir = f'{_base_.run}_novel_seed{_base_.seed}'
model = dict(cls_head=dict(classes=f'{_base_.lists}/novel_classes.txt', open_vocabulary=True))
test_dataloader = dict(dataset=dict(ann_file=f'{_base_.lists}/novel_val.txt'))
# It only tests.
train_dataloader = train_cfg = optim_wrapper = param_scheduler = None
val_dataloader = val_cfg = val_evaluator = None
