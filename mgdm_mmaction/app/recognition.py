"""From an uploaded clip to an answer."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..apis.inferencer import MGDMInferencer
from ..apis.inputs import list_sources
from ..apis.predictions import Places, VideoPrediction
from ..errors import MGDMError
from ..video import UnreadableVideoError, Video, open_video
from ..visualization.heat import tint
from .limits import Limits
from .told_apart import Neighbour, ToldApart

__all__ = ['Answer', 'Recognition', 'frame_images']

# Width and height that a frame must fit in, and its JPEG quality: about 4 kB of a real clip.
_SIZE = (160, 120)
_QUALITY = 70


@dataclass(frozen=True)
class Answer:
    """What the page shows of a clip.

    Args:
        prediction (VideoPrediction): All labels with their scores, best first; its only window has
            the times of the T frames that the model saw, and what each label looked at.
        frames (list[str]): These frames as data URIs.
        neighbours (list[Neighbour] | None): What training told the best label apart from. None if
            that label is no class of the negatives, or there are none.
        has_negatives (bool): Whether the page knows the negatives of the training.
    """

    prediction: VideoPrediction
    frames: list[str]
    neighbours: list[Neighbour] | None
    has_negatives: bool


class Recognition:
    """A model with its limits.

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

    def __call__(self, path: str, labels: Sequence[str] | None = None) -> Answer:
        """Recognise a clip.

        Args:
            path (str): The clip.
            labels (Sequence[str], optional): Labels to choose from. Defaults to None: those
                of the page.

        Raises:
            MGDMError: If the clip is too long, cannot be read, or a label is wrong.
        """
        labels = list(labels or self.labels)
        try:
            # As the inferencer does; a file has no other rate than its own.
            frames = open_video(list_sources(path)[0], fps=1.0)
            if frames.duration > self.limits.max_duration:
                raise MGDMError(
                    f'The clip is {frames.duration:.1f} s long; this page takes up to '
                    f'{self.limits.max_duration:g} s. Cut it, or start the page with a larger '
                    '--max-duration.'
                )
            found = self.inferencer([path], labels=labels, top_k=len(labels), attention=True)[0]
            if not found.ok:
                raise UnreadableVideoError(found.error)
            window = found.windows[0]
            images = frame_images(frames, window.frame_times, window.places)
        except UnreadableVideoError as error:
            raise MGDMError(
                f'{Path(path).name} cannot be read as a video: {error}. Try another file.'
            ) from None
        neighbours = self.told_apart and self.told_apart.of(found.labels[0])
        return Answer(found, images, neighbours, self.told_apart is not None)


def frame_images(frames: Video, times: Sequence[float], places: Places | None = None) -> list[str]:
    """Return the frames at some times (seconds) as data URIs of small JPEGs, tinted by places."""
    nearest = [int(np.abs(frames.times - time).argmin()) for time in times]
    # One by one, and each once: only one frame of full size is in memory.
    chosen = sorted(set(nearest))
    small = dict(zip(chosen, map(_shrink, frames.read_each(chosen)), strict=True))
    images = [small[index] for index in nearest]
    return [_to_uri(image) for image in (images if places is None else tint(images, places))]


def _shrink(frame: np.ndarray) -> np.ndarray:
    image = Image.fromarray(frame)
    image.thumbnail(_SIZE)
    return np.asarray(image)


def _to_uri(frame: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(frame).save(file, 'JPEG', quality=_QUALITY, optimize=True)
    return 'data:image/jpeg;base64,' + base64.b64encode(file.getvalue()).decode()
