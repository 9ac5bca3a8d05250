"""Accuracies on the toy set: of a dumped test run, and of a CLIP before any training on video."""

import os
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from mmengine.fileio import load
from torch import Tensor, nn
from torch.nn import functional as F

from ..clip import encode_texts, image_size
from ..clip.pretrain import frames_to_tensor
from ..errors import require_file
from ..text.corpus import DEFAULT_PROMPT
from .actions import MOTIONS

__all__ = ['Scores', 'evaluate_zero_shot', 'read_scores']


class Scores(NamedTuple):
    """Accuracies from 0 to 1.

    Args:
        top1 (float): The true class is first.
        top5 (float): The true class is among the first five.
        object (float): The first class has the right object.
        motion (float): Among the classes of the right object, the true one is first.
    """

    top1: float
    top5: float
    object: float
    motion: float


def read_scores(dump: str | os.PathLike) -> Scores:
    """Compute the accuracies of a file that ``tools/test.py --dump`` wrote."""
    samples = load(str(dump))
    return _count(
        torch.stack([sample['pred_score'] for sample in samples]),
        torch.cat([sample['gt_label'] for sample in samples]),
    )


@torch.no_grad()
def evaluate_zero_shot(
    model: nn.Module, arch: str, data_root: str | os.PathLike, num_frames: int = 8
) -> Scores:
    """Recognise the validation clips of a toy data set by the mean embedding of their frames.

    Args:
        model (nn.Module): CLIP model of :func:`~mgdm_mmaction.clip.build_clip`.
        arch (str): The model's architecture.
        data_root (str | os.PathLike): Directory of the data set.
        num_frames (int, optional): Frames T of a clip. Defaults to 8.

    Raises:
        MGDMError: If there is no validation list.
    """
    list_file = Path(data_root) / 'val_list.txt'
    require_file(list_file, 'list of the toy data set')
    classes = list_file.with_name('classes.txt').read_text().splitlines()
    texts = encode_texts(model, [DEFAULT_PROMPT.format(name) for name in classes], arch)
    texts = F.normalize(texts, dim=-1)

    scores, labels = [], []
    for line in list_file.read_text().splitlines():
        path, label = line.rsplit(' ', 1)
        frames = _decode(list_file.parent / 'videos' / path, num_frames, image_size(arch))
        video = F.normalize(model.encode_image(frames_to_tensor(frames)), dim=-1).mean(dim=0)
        scores.append(texts @ video)
        labels.append(int(label))
    return _count(torch.stack(scores), torch.tensor(labels))


def _decode(path: Path, num_frames: int, size: tuple[int, int]) -> np.ndarray:
    """Decode frames in the middle of equal stretches of a video: uint8 RGB [T, H, W, 3]."""
    import decord

    reader = decord.VideoReader(str(path), num_threads=1)
    ids = ((np.arange(num_frames) + 0.5) * len(reader) / num_frames).astype(int)
    frames = reader.get_batch(ids.tolist()).asnumpy()
    return np.stack([cv2.resize(f, size[::-1], interpolation=cv2.INTER_AREA) for f in frames])


def _count(scores: Tensor, labels: Tensor) -> Scores:
    """Compute the accuracies of scores [N, C] of N videos with labels [N]."""
    order = scores.argsort(dim=1, descending=True)
    hits = order == labels[:, None]
    # Labels run over the motions of an object first.
    by_object = scores.view(len(scores), -1, len(MOTIONS))
    objects, motions = labels // len(MOTIONS), labels % len(MOTIONS)
    guessed = by_object[torch.arange(len(scores)), objects].argmax(1)
    return Scores(
        top1=hits[:, 0].float().mean().item(),
        top5=hits[:, :5].any(1).float().mean().item(),
        object=(order[:, 0] // len(MOTIONS) == objects).float().mean().item(),
        motion=(guessed == motions).float().mean().item(),
    )
