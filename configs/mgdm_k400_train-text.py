"""mgdm_k400.py with the text tower trained, too. Not in the paper, which freezes it; not run by us.

    tools/dist_train.sh configs/mgdm_k400_train-text.py 8 --amp --cfg-options \
        optim_wrapper.dtype=bfloat16

A step encodes the distinct texts of the global batch, up to 400 here, instead of looking them up.
Both towers recompute their blocks (`with_cp=True`), to fit into 32 GB.
Data, negatives and test as in mgdm_k400.py.

Protocol: 1 clip x 16 frames x 1 centre crop of 224.
"""

_base_ = 'mgdm_k400.py'

model = dict(cls_head=dict(train_text=True, with_cp=True))
# At a tenth of the rate, as CLIP's image tower.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(text_bank=dict(lr_mult=0.1))))
