"""From windows with their scores to the answer for a video."""

from collections.abc import Iterable, Mapping, Set
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from ..models.recognizers.clip_recognizer import Weights
from .predictions import Places, VideoPrediction, WindowPrediction
from .window_pipeline import Clip

__all__ = ['Window', 'add_answer', 'data_sample', 'video_prediction']

# Named items that are kept for a label.
_ITEMS = 5


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
        items (Mapping[int, list[tuple[str, float]]]): Named items of labels with their weights.
        places (Places | None): Where the first item of the best label was found.
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
    items: Mapping[int, list[tuple[str, float]]] = MappingProxyType({})
    places: Places | None = None


def add_answer(
    item: Window, scores: Tensor, order: Tensor, weights: Mapping[str, Weights], explain: bool
) -> Window:
    """Put what the model found in a window into it, and let its frames go.

    Args:
        item (Window): With its clip.
        scores (Tensor): Probabilities [C].
        order (Tensor): The best labels, best first [K].
        weights (Mapping[str, Weights]): Of this window: ``values`` [views, ...].
        explain (bool): Whether to keep those of the best labels.
    """
    times = item.clip.times
    # Several clips of a video take turns in time.
    rank = np.argsort(times, kind='stable')
    attention, items, places = None, {}, None
    found = weights.values() if explain else ()
    frames = _find(found, 'frames', without={'items', 'rows'})
    if frames is not None:
        attention = _attention(frames, order, len(times))[:, rank]
    named = _find(found, 'items', 'classes') or _find(found, 'items')
    if named is not None:
        items = _best_items(named, order)
    fired, grid = _find(found, 'items', 'frames', 'regions'), _find(found, 'regions', 'rows')
    # A grid lies over a crop: several crops have several.
    if fired and grid and grid.values.shape[:2].numel() == len(times):
        name = items[int(order[0])][0][0]
        heat = _heat(fired, grid, fired.names.index(name))[rank]
        places = Places(name, heat, item.clip.box)
    return item._replace(
        clip=None,
        scores=scores.numpy(),
        best=order.numpy(),
        times=times[rank],
        attention=attention,
        items=items,
        places=places,
    )


def _find(
    weights: Iterable[Weights], *axes: str, without: Set[str] = frozenset()
) -> Weights | None:
    """Return the first weights that have some axes, and none of others."""
    return next((w for w in weights if {*axes} <= {*w.axes} and not without & {*w.axes}), None)


def _heat(fired: Weights, grid: Weights, item: int) -> np.ndarray:
    """Return where the region that an item fired in most looks, in each frame [frames, h, w]."""
    strength, region = _mean(fired, 'frames', 'regions', 'items')[..., item].flatten(0, 1).max(-1)
    maps = _mean(grid, 'frames', 'regions', 'rows', 'columns').flatten(0, 1)
    heat = maps[torch.arange(len(maps)), region] * strength[:, None, None]
    return (heat / heat.max().clamp_min(1e-12)).numpy()


def _mean(weights: Weights, *axes: str) -> Tensor:
    """Return [views, *axes], the mean over all others."""
    values = weights.values
    gone = [1 + i for i, axis in enumerate(weights.axes) if axis not in axes]
    values = values.mean(gone) if gone else values
    left = [axis for axis in weights.axes if axis in axes]
    return values.permute(0, *(1 + left.index(axis) for axis in axes))


def _attention(weights: Weights, order: Tensor, frames: int) -> np.ndarray:
    """Return the share of each frame for each of the labels [K, frames]."""
    if 'classes' in weights.axes:
        values = _mean(weights, 'frames', 'classes')[..., order]
    else:
        values = _mean(weights, 'frames')[..., None].expand(-1, -1, len(order))
    # [views, T, K], views crop by crop, -> [crops, clips * T, K]; a clip has its share of 1.
    values = values.reshape(-1, frames, len(order)).mean(0)
    return (values / values.sum(0)).t().numpy()


def _best_items(weights: Weights, order: Tensor) -> dict[int, list[tuple[str, float]]]:
    """Return the items that weigh most, for each label, or for the best where labels share them."""
    if 'classes' in weights.axes:
        values = _mean(weights, 'classes', 'items').mean(0)[order]
    else:
        values = _mean(weights, 'items').mean(0)[None]
    best, places = values.topk(min(_ITEMS, values.shape[-1]))
    return {
        label: [(weights.names[i], weight) for i, weight in zip(*row, strict=True)]
        for label, *row in zip(order.tolist(), places.tolist(), best.tolist(), strict=False)
    }


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
                {labels[i]: found for i, found in item.items.items()},
                item.places,
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
