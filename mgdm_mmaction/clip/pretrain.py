"""Trains a tiny CLIP from nothing, on single frames and texts."""

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from open_clip import ClipLoss
from torch import Tensor, nn

from ..text.corpus import DEFAULT_PROMPT
from .build import build_clip
from .text import tokenize

__all__ = ['ARCH', 'fit_clip', 'frames_to_tensor', 'save_clip']

ARCH = 'mgdm-tiny'
# Sentences that the captions are made of; the first one is the one that is used for recognition.
_CAPTIONS = (DEFAULT_PROMPT, 'a video of a {}', 'a frame of a {}', '{}')
_LR = 1e-3
# Of the loss between two wordings of a class.
_TEXT_WEIGHT = 0.5
_MAX_LOGIT_SCALE = math.log(100.0)
# Mean and standard deviation of RGB in 0..1 that OpenAI trained CLIP with.
_MEAN = (0.48145466, 0.4578275, 0.40821073)
_STD = (0.26862954, 0.26130258, 0.27577711)


def fit_clip(
    classes: Sequence[str],
    draw: Callable[[int], tuple[Tensor, Tensor, list[str] | None]],
    steps: int,
    seed: int,
) -> nn.Module:
    """Train a CLIP of the architecture ``mgdm-tiny`` from random weights.

    All losses are open_clip's ``ClipLoss``, on sets of captions without repeats, so that a caption
    is never a negative of a frame that it describes. A step is one of two kinds:

    - class captions: a batch is several groups of one frame a class; the loss is taken within each
      group and averaged. Where frames cannot tell two classes apart, this alone would pull their
      captions into one point. A CLIP that has read millions of captions knows the words to differ;
      here a loss between two wordings of every class keeps that.
    - captions of the frames themselves.

    Args:
        classes (Sequence[str]): Class names.
        draw (Callable): Number of a step -> its batch: classes [C], frames [G * C, 3, H, W] in G
            groups with one frame of each of them in their order, and captions of the frames, or
            None for a step on class captions.
        steps (int): Optimiser steps.
        seed (int): Seed of the weights and wordings. The global generator of torch, which starts
            from it too while ``draw`` is called, is left as it was.

    Returns:
        nn.Module: The model, in evaluation mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_clip(ARCH)
        _fit(model, classes, draw, steps, seed)
    return model


def save_clip(model: nn.Module, out_file: Path) -> None:
    """Save the state dict in open_clip's format; the file is there whole or not at all."""
    out_file.parent.mkdir(parents=True, exist_ok=True)
    partial = out_file.with_name(out_file.name + '.partial')
    torch.save({name: value.contiguous() for name, value in model.state_dict().items()}, partial)
    partial.replace(out_file)


def frames_to_tensor(frames: np.ndarray | Tensor) -> Tensor:
    """Normalise uint8 RGB frames as CLIP takes them: float32 [N, 3, H, W].

    Args:
        frames (np.ndarray | Tensor): An array [N, H, W, 3], or a tensor [N, 3, H, W].
    """
    if isinstance(frames, np.ndarray):
        frames = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2)
    images = frames.float() / 255
    return (images - torch.tensor(_MEAN).view(3, 1, 1)) / torch.tensor(_STD).view(3, 1, 1)


def _fit(model: nn.Module, names: Sequence[str], draw: Callable, steps: int, seed: int) -> None:
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [dict(params=matrices, weight_decay=0.1), dict(params=vectors, weight_decay=0.0)],
        lr=_LR,
        betas=(0.9, 0.98),
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=_LR, total_steps=steps + 1, pct_start=0.1, cycle_momentum=False
    )
    clip_loss = ClipLoss()
    class_tokens = [tokenize([text.format(name) for name in names], ARCH) for text in _CAPTIONS]
    generator = np.random.default_rng(seed)

    model.train()
    start, recent = time.perf_counter(), deque(maxlen=50)
    for step in range(steps):
        classes, images, captions = draw(step)
        image_features = model.encode_image(images, normalize=True)
        scale = model.logit_scale.exp()
        if captions is not None:
            _, unique = np.unique(captions, return_index=True)
            tokens = tokenize([captions[i] for i in unique], ARCH)
            text_features = model.encode_text(tokens, normalize=True)
            loss = clip_loss(image_features[torch.from_numpy(unique)], text_features, scale)
        else:
            first, other = class_tokens[0], class_tokens[generator.integers(1, len(_CAPTIONS))]
            tokens = torch.cat([first[classes], other[classes]])
            first, other = model.encode_text(tokens, normalize=True).chunk(2)
            groups = image_features.split(len(classes))
            loss = sum(clip_loss(group, first, scale) for group in groups) / len(groups)
            loss = loss + _TEXT_WEIGHT * clip_loss(first, other, scale)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0.0, _MAX_LOGIT_SCALE)
        recent.append(loss.item())
        if (step + 1) % 50 == 0 or step + 1 == steps:
            mean, seconds = sum(recent) / len(recent), time.perf_counter() - start
            print(
                f'tiny CLIP: step {step + 1}/{steps}  loss {mean:.3f}  {seconds:.0f} s', flush=True
            )
    model.eval()
