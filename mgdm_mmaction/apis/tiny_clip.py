"""Trains a tiny CLIP on the clips of a list: a stand-in where no CLIP weights can be had."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from mmaction.utils import register_all_modules
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from ..clip import image_size
from ..clip.pretrain import ARCH, fit_clip, frames_to_tensor, save_clip
from ..config import ParsedConfig, is_type
from ..errors import MGDMError
from ..mining.videos import MiningVideos

__all__ = ['train_tiny_clip']

_BATCH = 128
# Frames that are kept in memory, of 72 x 96 pixels or so: half a gigabyte.
_FRAMES = 24_000
_FRAMES_A_CLIP = 8


def train_tiny_clip(
    dataset: Mapping,
    classes: Sequence[str],
    out_file: str | Path,
    steps: int = 400,
    seed: int = 0,
    num_workers: int = 1,
) -> list[str]:
    """Train a CLIP from nothing on frames of a data set's clips, and save its weights.

    Every clip is decoded once. A frame learns the caption of its clip's class, see
    :func:`~mgdm_mmaction.clip.pretrain.fit_clip`.

    Args:
        dataset (Mapping): Config of a ``VideoDataset`` or ``RawframeDataset`` of training clips.
        classes (Sequence[str]): Class names in label order.
        out_file (str | Path): File for the state dict, in open_clip's format.
        steps (int, optional): Optimiser steps, of 128 frames at most. Defaults to 400.
        seed (int, optional): Seed of the weights and frames. Defaults to 0.
        num_workers (int, optional): Processes that decode. Defaults to 1.

    Returns:
        list[str]: Clips that could not be read, with the reason.

    Raises:
        MGDMError: If the list or the class names have a mistake, or no clip can be read.
    """
    if steps < 1:
        raise MGDMError(f'steps should be at least 1, but got {steps}')
    frames, labels, broken = _read_frames(dataset, classes, num_workers)
    if not frames:
        raise MGDMError(
            f'{dataset["ann_file"]}: none of its {len(broken)} clips can be read; the first is '
            f'{broken[0]}'
        )
    augment = v2.Compose(
        [
            v2.RandomResizedCrop(image_size(ARCH), scale=(0.3, 1.0), antialias=True),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.4, 0.4, 0.4),
            v2.RandomGrayscale(0.2),
        ]
    )
    clips = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}

    def draw(step: int) -> tuple[Tensor, Tensor, None]:
        generator = np.random.default_rng([seed, step])
        # All classes, or a random part of them if there are more than frames in a batch.
        chosen = np.sort(generator.permutation(list(clips))[:_BATCH])
        images = []
        for label in np.tile(chosen, _BATCH // len(chosen)):
            clip = frames[generator.choice(clips[label])]
            images.append(augment(clip[generator.integers(len(clip))]))
        return torch.from_numpy(chosen), frames_to_tensor(torch.stack(images)), None

    save_clip(fit_clip(classes, draw, steps, seed), Path(out_file))
    return broken


def _read_frames(
    dataset: Mapping, classes: Sequence[str], num_workers: int
) -> tuple[list[Tensor], np.ndarray, list[str]]:
    """Return frames [T, 3, H, W] and labels of the clips, and what is wrong with the others."""
    pipeline = [
        dict(type='UniformSample', clip_len=_FRAMES_A_CLIP, test_mode=True),
        dict(type='Resize', scale=(-1, round(image_size(ARCH)[0] * 9 / 8))),
        dict(type='FormatShape', input_format='NCHW'),
        dict(type='PackActionInputs'),
    ]
    if is_type(dataset, 'RawframeDataset'):
        pipeline.insert(1, dict(type='RawFrameDecode'))
    else:
        pipeline = [dict(type='VideoInit'), pipeline[0], dict(type='VideoDecode'), *pipeline[1:]]
    loaders = dict(
        train_dataloader=dict(dataset=dict(dataset)),
        val_dataloader=dict(dataset=dict(dataset, pipeline=pipeline)),
        model=dict(cls_head=dict(classes=list(classes))),
    )
    register_all_modules(init_default_scope=True)
    videos = MiningVideos(ParsedConfig(Config(loaders), str(dataset['ann_file'])), 'train')
    kept = max(1, min(_FRAMES_A_CLIP, _FRAMES // len(videos)))
    frames, labels, broken = [], [], []
    for index, clip, reason in DataLoader(videos, batch_size=None, num_workers=num_workers):
        if clip is None:
            broken.append(f'{videos.path_of(index)}: {reason}')
            continue
        places = ((np.arange(kept) + 0.5) * len(clip) / kept).astype(int)
        frames.append(clip[places].clone())
        labels.append(videos.labels[index])
    return frames, np.array(labels), broken
