"""From windows with their scores to the answer for a video."""

from typing import NamedTuple

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from .predictions import VideoPrediction, WindowPrediction
from .window_pipeline import Clip

__all__ = ['Window', 'add_answer', 'data_sample', 'video_prediction']


class Window(NamedTuple):
    """A stretch of a video on its way through the model.

    Args:
        source (int): Position of the video among the inputs.
        start (float): Where it starts, in seconds.
        end (float): Where it ends, in seconds.
        clip (Clip | None): Its frames, until the model has seen them.
        error (str | None): Why there are none.
        scores (np.ndarray | None): Probability of each label [C].
        best (np.ndarray | None): Labels by falling score, as many as were asked for [K].
        times (np.ndarray | None): When the frames are shown, in seconds [T].
        attention (np.ndarray | None): Of the best labels over the frames [K, T].
    """

    source: int
    start: float = 0.0
    end: float = 0.0
    clip: Clip | None = None
    error: str | None = None
    scores: np.ndarray | None = None
    best: np.ndarray | None = None
    times: np.ndarray | None = None
    attention: np.ndarray | None = None


def add_answer(
    item: Window, scores: Tensor, order: Tensor, weights: Tensor, attention: bool
) -> Window:
    """Put what the model said of a window into it, and let its frames go.

    Args:
        item (Window): With its clip.
        scores (Tensor): Probabilities [C].
        order (Tensor): The best labels, best first [K].
        weights (Tensor): Attention [views, T, C].
        attention (bool): Whether to keep that of the best labels.
    """
    times = item.clip.times
    kept = None
    if attention:
        # [views, T, C], views crop by crop, -> [crops, clips * T, C]; a clip has its share of 1.
        weights = weights.reshape(-1, len(times), weights.shape[-1]).mean(0)
        kept = (weights / weights.sum(0)).t()[order].numpy()
    # Several clips of a video take turns in time.
    rank = np.argsort(times, kind='stable')
    return item._replace(
        clip=None,
        scores=scores.numpy(),
        best=order.numpy(),
        times=times[rank],
        attention=None if kept is None else kept[:, rank],
    )


def video_prediction(name: str, windows: list[Window], labels: list[str]) -> VideoPrediction:
    """Make the answer for a video of its windows, or of the first error among them.

    Args:
        name (str): What the answer calls the video.
        windows (list[Window]): Scored windows in order of time.
        labels (list[str]): Names of the scores.
    """
    errors = [item.error for item in windows if item.error is not None]
    if errors:
        return VideoPrediction(name, error=' '.join(errors[0].split()))
    mean = np.mean([item.scores for item in windows], axis=0)
    best = np.argsort(-mean, kind='stable')[: len(windows[0].best)]
    return VideoPrediction(
        name,
        [labels[i] for i in best],
        mean[best].tolist(),
        [
            WindowPrediction(
                float(item.start),
                float(item.end),
                [labels[i] for i in item.best],
                item.scores[item.best].tolist(),
                item.times.tolist(),
                item.attention,
            )
            for item in windows
        ],
    )


def data_sample(windows: list[Window]) -> ActionDataSample:
    """Make MMAction2's sample of the windows of a video, with ``error`` if there is one.

    Args:
        windows (list[Window]): Scored windows.
    """
    errors = [item.error for item in windows if item.error is not None]
    if errors:
        return ActionDataSample(metainfo=dict(error=errors[0]))
    score = torch.as_tensor(np.mean([item.scores for item in windows], axis=0))
    return ActionDataSample().set_pred_score(score).set_pred_label(int(score.argmax()))
