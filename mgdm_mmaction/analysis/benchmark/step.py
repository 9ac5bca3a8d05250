"""One training step with the text bank against one that runs the text tower."""

from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.registry import init_default_scope
from torch import nn

from ...clip import build_clip, embed_dims, encode_texts, image_size, tokenize
from .timing import compare

__all__ = ['StepSizes', 'benchmark_step']


class StepSizes(NamedTuple):
    """Sizes of a training step.

    Args:
        arch (str): CLIP architecture.
        batch (int): Videos b.
        frames (int): Frames T.
        negatives (int): Negatives k a video.
    """

    arch: str = 'ViT-B-32'
    batch: int = 8
    frames: int = 8
    negatives: int = 7


def benchmark_step(
    sizes: StepSizes = StepSizes(),  # noqa: B008 (a tuple)
    repeats: int = 3,
    device: str = 'cpu',
    seed: int = 0,
) -> list[str]:
    """Measure forward pass, backward pass and optimiser step, with random weights and pixels.

    The other side is the same model, whose b (1 + k) prompts go through the frozen text tower
    first, without gradient, as a recogniser without a text bank does it in every step.

    Args:
        sizes (StepSizes, optional): Sizes. Defaults to ViT-B/32 with b = 8, T = 8, k = 7.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of weights and pixels. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    torch.manual_seed(seed)
    arch, b, t, k = sizes
    num_texts = b * (1 + k)
    model = _build(sizes, num_texts).to(device)
    head = model.cls_head
    clip = build_clip(arch)
    head.text_bank.copy_(encode_texts(clip, head.corpus.prompts, arch))
    head.has_bank = True
    clip.visual = None  # only its texts are needed
    clip.to(device)
    tokens = tokenize(head.corpus.prompts, arch).to(device)

    inputs = torch.randn(b, t, 3, *image_size(arch), device=device)
    samples = []
    for ids in torch.arange(num_texts).view(b, 1 + k):
        sample = ActionDataSample().set_gt_label(int(ids[0])).to(device)
        sample.set_field(ids.numpy(), 'text_ids')
        samples.append(sample)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)

    def train() -> None:
        optimizer.zero_grad()
        model.loss(inputs, samples)['loss_contrastive'].backward()
        optimizer.step()

    def train_with_text_tower() -> None:
        with torch.no_grad():
            head.text_bank.copy_(clip.encode_text(tokens))
        train()

    times = compare(train, train_with_text_tower, repeats, device)
    return [
        f'step: MGDM on {arch}, T = {t}, b = {b}, k = {k}; forward, backward, AdamW',
        f'  (ratio: median of {repeats} pairs, min-max)',
        f'  {"text bank":<38}{times.ours:8.3f} s',
        f'  {f"text tower on {num_texts} prompts a step":<38}{times.other:8.3f} s: '
        f'{times.ratio:.2f} x the time ({times.low:.2f}-{times.high:.2f})',
    ]


def _build(sizes: StepSizes, num_texts: int) -> nn.Module:
    init_default_scope('mmaction')
    config = dict(
        type='MGDM',
        backbone=dict(type='CLIPBackbone', arch=sizes.arch),
        neck=dict(
            type='TextGuidedTemporalHead',
            embed_dims=embed_dims(sizes.arch),
            num_frames=sizes.frames,
        ),
        cls_head=dict(
            type='HardNegativeTextHead',
            arch=sizes.arch,
            classes=[f'action {index}' for index in range(num_texts)],
        ),
    )
    return MODELS.build(config).train()
