"""Accuracies of a dumped test run on the toy set."""

from os import PathLike
from typing import NamedTuple

import torch
from mmengine.fileio import load
from torch import Tensor

from .actions import MOTIONS

__all__ = ['Scores', 'read_scores', 'score']


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


def score(scores: Tensor, labels: Tensor) -> Scores:
    """Compute the accuracies of scores on the toy set's own classes.

    Args:
        scores (Tensor): Scores [N, C] of N videos.
        labels (Tensor): Labels [N].

    Returns:
        Scores: The accuracies.
    """
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


def read_scores(dump: str | PathLike) -> Scores:
    """Compute the accuracies of a file that ``tools/test.py --dump`` wrote.

    Args:
        dump (str | PathLike): The pickle file.

    Returns:
        Scores: The accuracies.
    """
    samples = load(str(dump))
    return score(
        torch.stack([sample['pred_score'] for sample in samples]),
        torch.cat([sample['gt_label'] for sample in samples]),
    )
