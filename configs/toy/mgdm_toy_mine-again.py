"""The toy config with negatives that are mined again every 5 epochs by the model in training.

An option beyond the paper; docs/RESULTS.md says what it brings here. The first negatives are those
of the frozen CLIP:
    python tools/mine_negatives.py configs/toy/mgdm_toy.py
    python tools/train.py configs/toy/mgdm_toy_mine-again.py
"""

_base_ = 'mgdm_toy.py'

custom_hooks = [
    *_base_.custom_hooks,
    dict(type='RefreshNegativesHook', interval=5, num_workers=1),
]
