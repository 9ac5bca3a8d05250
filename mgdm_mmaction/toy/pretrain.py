"""Trains a tiny CLIP on single frames: the CLIP weights that go with the toy data set."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..clip import image_size
from ..clip.pretrain import ARCH, fit_clip, frames_to_tensor, save_clip
from ..errors import MGDMError
from .actions import DEFAULT_OBJECTS, Action, list_actions, sample_track
from .dataset import check_same, clip_generator, read_json, write_json
from .render import render_track

__all__ = ['ARCH', 'train_tiny_clip']


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

    Steps of :func:`~mgdm_mmaction.clip.pretrain.fit_clip` alternate between class captions and
    scene captions: 'a small star at the top left'. The latter teach the image tower to see size and
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

    def draw(step: int) -> tuple[Tensor, Tensor, list[str] | None]:
        classes, images, captions = _draw_batch(actions, step, image_size(ARCH), settings)
        return classes, images, captions if step % 2 else None

    model = fit_clip([action.name for action in actions], draw, steps, seed)
    save_clip(model, out_file)
    write_json(settings_file, settings)
    return True


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
