"""Trains a tiny CLIP on single frames: the CLIP weights that go with the toy data set."""

import math
import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from open_clip import ClipLoss
from torch import Tensor, nn

from ..clip import build_clip, image_size, tokenize
from ..errors import MGDMError
from ..text.corpus import DEFAULT_PROMPT
from .actions import DEFAULT_OBJECTS, Action, list_actions, sample_track
from .dataset import check_same, clip_generator, read_json, write_json
from .render import render_track
from .scores import frames_to_tensor

__all__ = ['ARCH', 'train_tiny_clip']

ARCH = 'mgdm-tiny'
# Sentences that the captions are made of; the first one is the one that is used for recognition.
_CAPTIONS = (DEFAULT_PROMPT, 'a video of a {}', 'a frame of a {}', '{}')
_LR = 1e-3
# Of the loss between two wordings of a class.
_TEXT_WEIGHT = 0.5
_MAX_LOGIT_SCALE = math.log(100.0)


def train_tiny_clip(
    out_file: str | os.PathLike,
    objects: Sequence[str] = DEFAULT_OBJECTS,
    steps: int = 400,
    batch_size: int = 128,
    seed: int = 0,
    num_frames: int = 24,
    overwrite: bool = False,
) -> bool:
    """Train a CLIP from scratch on frames of toy actions and their captions, and save its weights.

    Every step draws new frames, from random streams that no clip of the data set uses: the model
    has seen no frame of the data set, whatever the seeds. As one frame shows the object but not the
    motion, the model learns to tell objects, and confuses the motions of one object.

    All losses are open_clip's ``ClipLoss``, on sets of captions without repeats, so that a caption
    is never a negative of a frame that it describes. Steps alternate between

    - class captions: a batch is several groups of one frame a class; the loss is taken within each
      group and averaged. Frames cannot tell the motions of one object apart, and alone this would
      pull their captions into one point. A CLIP that has read millions of captions knows the words
      to differ; here a loss between two wordings of every class keeps that.
    - scene captions: 'a small star at the top left'. They teach the image tower to see size and
      place, as a CLIP trained on photographs does.

    Args:
        out_file (str | os.PathLike): File for the state dict, in open_clip's format. A JSON file of
            the same name keeps the settings.
        objects (Sequence[str], optional): Objects of the data set. Defaults to
            :data:`~mgdm_mmaction.toy.actions.DEFAULT_OBJECTS`.
        steps (int, optional): Optimiser steps. Defaults to 400.
        batch_size (int, optional): Frames of a step at most; rounded down to whole groups. Defaults
            to 128.
        seed (int, optional): Seed of the weights and frames. Defaults to 0.
        num_frames (int, optional): Frames of the clips that frames are taken from. Defaults to 24.
        overwrite (bool, optional): Replace a file of other settings. Defaults to False.

    Returns:
        bool: True if it was trained, False if the file was there with the same settings.

    Raises:
        MGDMError: For a setting out of range, or a file of other settings.
    """
    actions = list_actions(objects)
    settings = dict(
        objects=list(objects), steps=steps, batch_size=batch_size, seed=seed, num_frames=num_frames
    )
    for name in ('steps', 'batch_size'):
        if settings[name] < 1:
            raise MGDMError(f'{name} should be at least 1, but got {settings[name]}')
    out_file = Path(out_file)
    settings_file = out_file.with_suffix('.json')
    if out_file.exists() and not overwrite:
        check_same(out_file, read_json(settings_file) or {}, settings)
        return False

    # The weights are drawn from torch's global generator; leave the caller's state as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build_clip(ARCH)
        _fit(model, actions, settings)

    out_file.parent.mkdir(parents=True, exist_ok=True)
    partial = out_file.with_name(out_file.name + '.partial')
    torch.save({name: value.contiguous() for name, value in model.state_dict().items()}, partial)
    partial.replace(out_file)
    write_json(settings_file, settings)
    return True


def _fit(model: nn.Module, actions: list[Action], settings: dict) -> None:
    """Run the optimiser over freshly drawn batches."""
    steps = settings['steps']
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
    class_tokens = [tokenize([text.format(a.name) for a in actions], ARCH) for text in _CAPTIONS]
    generator = np.random.default_rng(settings['seed'])

    model.train()
    start, recent = time.perf_counter(), deque(maxlen=50)
    for step in range(steps):
        classes, images, captions = _draw_batch(actions, step, image_size(ARCH), settings)
        image_features = model.encode_image(images, normalize=True)
        scale = model.logit_scale.exp()
        if step % 2:
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


def _draw_batch(
    actions: list[Action], step: int, image_hw: tuple[int, int], settings: dict
) -> tuple[Tensor, Tensor, list[str]]:
    """Draw a batch: classes [C], images [G * C, 3, H, W] in G groups of all C, scene captions."""
    num_classes = min(len(actions), settings['batch_size'])
    num_groups = settings['batch_size'] // num_classes
    # All classes, or a random part of them if there are more than frames in a batch.
    shuffled = np.random.default_rng([settings['seed'], step]).permutation(len(actions))
    classes = np.sort(shuffled[:num_classes])
    frames, captions = [], []
    for group in range(num_groups):
        for label in classes:
            action = actions[label]
            index = step * num_groups + group
            generator = clip_generator(settings['seed'], 'pretrain', action, index)
            track = sample_track(action.motion, settings['num_frames'], generator)
            place = track[generator.integers(len(track))]
            frames.append(render_track(action.object, place[None], generator, image_hw[0])[0])
            captions.append(_describe_scene(action.object, place))
    return torch.from_numpy(classes), frames_to_tensor(np.stack(frames)), captions


def _describe_scene(object_name: str, place: np.ndarray) -> str:
    """Describe a single frame: the object, its size and where it is."""
    x, y, radius = place
    size = ('small', 'medium', 'large')[int(radius > 0.16) + int(radius > 0.22)]
    vertical = ('top', 'middle', 'bottom')[int(y > 0.42) + int(y > 0.58)]
    horizontal = ('left', 'centre', 'right')[int(x > 0.42) + int(x > 0.58)]
    return f'a {size} {object_name} at the {vertical} {horizontal}'
