"""From a dropped clip to an answer."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from ..apis.inferencer import MGDMInferencer
from ..errors import MGDMError
from .clip_frames import frame_images, open_clip
from .limits import Limits, check_duration, check_size
from .told_apart import Neighbour, ToldApart

__all__ = ['Answer', 'Recognition']

# Labels that the page shows.
TOP_K = 5


@dataclass(frozen=True)
class Answer:
    """What the page shows of a clip.

    Args:
        labels (list[str]): The K best labels, best first.
        scores (list[float]): Their probabilities.
        num_labels (int): Labels that they are the best of.
        end (float): Where the clip ends, in seconds.
        frame_times (list[float]): Seconds of the T frames that the model saw.
        frames (list[str]): These frames as data URIs.
        attention (np.ndarray): How much each label looked at each frame, [K, T], rows sum to 1.
        neighbours (list[tuple[Neighbour, float | None]] | None): What training told the best label
            apart from, with the score of each on this clip, None if it is not among the labels.
            None if there are no negatives or the label is no class of theirs.
        has_negatives (bool): Whether the page knows the negatives of the training.
    """

    labels: list[str]
    scores: list[float]
    num_labels: int
    end: float
    frame_times: list[float]
    frames: list[str]
    attention: np.ndarray
    neighbours: list[tuple[Neighbour, float | None]] | None
    has_negatives: bool


class Recognition:
    """A model with its limits. One clip at a time: a second caller waits.

    Args:
        inferencer (MGDMInferencer): The model.
        limits (Limits): Limits of the clips.
        told_apart (ToldApart, optional): Negatives of its training. Defaults to None.
        labels (Sequence[str], optional): What is recognised where a visitor names nothing.
            Defaults to None: the checkpoint's own classes.
    """

    def __init__(
        self,
        inferencer: MGDMInferencer,
        limits: Limits,
        told_apart: ToldApart | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        self.inferencer = inferencer
        self.limits = limits
        self.told_apart = told_apart
        self.labels = list(labels or inferencer.labels)
        self._lock = Lock()

    def __call__(self, path: str | os.PathLike, labels: Sequence[str] | None = None) -> Answer:
        """Recognise a clip.

        Args:
            path (str | PathLike): The clip.
            labels (Sequence[str], optional): Labels to choose from. Defaults to None: those
                of the page.

        Returns:
            Answer: What to show.

        Raises:
            MGDMError: If the clip is too large or too long, cannot be read, or a label is wrong.
        """
        check_size(path, self.limits)
        check_duration(open_clip(path).duration, self.limits)
        labels = list(labels or self.labels)
        with self._lock:
            predictions = self.inferencer(
                [str(path)], labels=labels, top_k=len(labels), attention=True
            )
        found = predictions[0]
        if not found.ok:
            raise MGDMError(f'{os.path.basename(path)}: {found.error}')
        window, best = found.windows[0], slice(TOP_K)
        return Answer(
            labels=found.labels[best],
            scores=found.scores[best],
            num_labels=len(found.labels),
            end=window.end,
            frame_times=window.frame_times,
            frames=frame_images(path, window.frame_times),
            attention=window.attention[best],
            neighbours=self._neighbours(dict(zip(found.labels, found.scores, strict=True))),
            has_negatives=self.told_apart is not None,
        )

    def _neighbours(self, scores: dict[str, float]):
        if self.told_apart is None:
            return None
        found = self.told_apart.of(next(iter(scores)))
        return found and [(item, scores.get(item.label)) for item in found]
