"""The toy config with the text tower trained, too, the tiny sibling of mgdm_k400_train-text.py.

An option beyond the paper. Takes the negatives of mgdm_toy.py:
    python tools/train.py configs/toy/mgdm_toy_train-text.py
    python tools/test.py configs/toy/mgdm_toy_train-text.py \
        work_dirs/mgdm_toy_train-text/epoch_20.pth
"""

_base_ = 'mgdm_toy.py'

model = dict(cls_head=dict(train_text=True))
# At a tenth of the rate, as CLIP's image tower.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(text_bank=dict(lr_mult=0.1))))
