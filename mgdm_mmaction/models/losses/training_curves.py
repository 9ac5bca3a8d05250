"""Numbers of a training batch for the log besides its loss, without a gradient."""

import torch
from torch import Tensor

__all__ = ['margins', 'share_in_batch', 'training_curves']


def share_in_batch(text_ids: Tensor) -> Tensor:
    """Say which part of the negatives are the classes of other videos of the batch.

    Such a negative is nobody's extra text: some video of the batch matches it.

    Args:
        text_ids (Tensor): Corpus ids of the global batch, positive first, int [B, 1 + k], k > 0.

    Returns:
        Tensor: A number in [0, 1].
    """
    # Not torch.isin, which makes a GPU wait: the number of distinct ids has to be known to it.
    present = (text_ids[:, 1:, None] == text_ids[:, 0]).any(-1)  # [B, k, B] -> [B, k]
    return present.float().mean()


def margins(scores: Tensor, text_ids: Tensor) -> dict[str, Tensor]:
    """Measure by how much videos prefer their own class to the hardest other text.

    Args:
        scores (Tensor): Scores of every video against every text, each text guided by the positive
            of its own group, [B, B, 1 + k].
        text_ids (Tensor): Corpus ids of the global batch, positive first, int [B, 1 + k].

    Returns:
        dict[str, Tensor]: Means over the videos, in the unit of the scores. ``margin_batch``: the
        positive minus the highest score among all texts of other classes; a video without any
        counts as 0. ``margin_mined``, with k > 0: minus the highest among its own k negatives.
    """
    # Each video against its own group: [B, 1 + k]
    own = scores.diagonal(dim1=0, dim2=1).t()
    positive = own[:, 0]
    same = text_ids[:, 0, None] == text_ids.flatten()  # [B, B * (1 + k)]
    hardest = scores.flatten(1).masked_fill(same, -torch.inf).amax(1)
    gap = torch.where(hardest.isinf(), 0.0, positive - hardest)
    found = {'margin_batch': gap.mean()}
    if own.shape[1] > 1:
        found['margin_mined'] = (positive - own[:, 1:].amax(1)).mean()
    return found


@torch.no_grad()
def training_curves(logits: Tensor, text_ids: Tensor, scale: Tensor) -> dict[str, Tensor]:
    """Collect the numbers of a global batch that are worth a curve.

    All stay on their device, and none has 'loss' in its name: MMEngine would add it to the loss.

    Args:
        logits (Tensor): Scaled scores of every video against every text, [B, B, 1 + k].
        text_ids (Tensor): Corpus ids of the global batch, positive first, int [B, 1 + k].
        scale (Tensor): What the scores were multiplied by, 1 / temperature.

    Returns:
        dict[str, Tensor]: ``logit_scale`` and ``temperature``; the :func:`margins`, of scores
        before the scale, which can be compared while the temperature moves; with k > 0
        ``negatives_in_batch``, see :func:`share_in_batch`.
    """
    curves = {'logit_scale': scale, 'temperature': 1 / scale}
    gaps = margins(logits, text_ids)
    curves.update((name, gap / scale) for name, gap in gaps.items())
    if text_ids.shape[1] > 1:
        curves['negatives_in_batch'] = share_in_batch(text_ids)
    return curves
