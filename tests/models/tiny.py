"""A tiny MGDM with random weights, and random batches for it."""

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample

CLASSES = ['running fast', 'jumping', 'opening door', 'closing door', 'clapping']
NUM_FRAMES = 2


def tiny_config(**changes):
    """Config of the model; ``part=dict(...)`` updates a part, ``part=None`` removes it."""
    config = dict(
        type='MGDM',
        backbone=dict(type='CLIPBackbone', arch='mgdm-tiny'),
        neck=dict(
            type='TextGuidedTemporalHead', embed_dims=128, num_frames=NUM_FRAMES, num_layers=2
        ),
        cls_head=dict(type='HardNegativeTextHead', arch='mgdm-tiny', classes=CLASSES),
        loss=dict(type='AugmentedContrastiveLoss'),
    )
    for part, change in changes.items():
        config[part] = {**config.get(part, {}), **change}
    return config


def tiny_model(seed=0, **changes):
    """Build the model and compute its text bank."""
    torch.manual_seed(seed)
    model = MODELS.build(tiny_config(**changes))
    model.init_weights()
    return model


def tiny_batch(num_videos, num_negatives=2, num_views=1, seed=0, dtype=torch.float32):
    """Random frames [N, views x T, 3, 64, 64] and data samples with text ids."""
    generator = torch.Generator().manual_seed(seed)
    shape = (num_videos, num_views * NUM_FRAMES, 3, 64, 64)
    inputs = torch.randn(*shape, generator=generator, dtype=dtype)
    samples = []
    for _ in range(num_videos):
        ids = torch.randperm(len(CLASSES), generator=generator)[: 1 + num_negatives]
        sample = ActionDataSample().set_gt_label(int(ids[0]))
        if num_negatives:
            sample.set_field(ids.numpy(), 'text_ids')
        samples.append(sample)
    return inputs, samples
