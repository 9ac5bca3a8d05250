"""What the inferencer answers: scores of a video, of its windows, and how to write them down."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import NamedTuple

import numpy as np

__all__ = ['Places', 'Predictions', 'VideoPrediction', 'WindowPrediction', 'format_time']


def format_time(seconds: float) -> str:
    """Write a time as 1:02:03.4, without hours where there are none."""
    tenths = round(max(seconds, 0.0) * 10)
    hours, minutes = tenths // 36000, tenths // 600 % 60
    rest = f'{tenths // 10 % 60:02d}.{tenths % 10}'
    return f'{hours}:{minutes:02d}:{rest}' if hours else f'{minutes}:{rest}'


class Places(NamedTuple):
    """Where in the frames a model found an item.

    Args:
        item (str): Its name.
        heat (np.ndarray): From 0 to 1, the strongest place [T, h, w].
        box (tuple[float, ...]): What of a frame the grid lies over: left, top, width and height,
            as parts of it.
    """

    item: str
    heat: np.ndarray
    box: tuple[float, ...]


@dataclass(frozen=True)
class WindowPrediction:
    """Scores of one stretch of a video.

    Args:
        start (float): Where it starts, in seconds.
        end (float): Where it ends, in seconds.
        labels (list[str]): The best labels, best first.
        scores (list[float]): Their probabilities among all labels.
        frame_times (list[float]): Time of each frame that the model saw, in seconds: T of them.
        attention (np.ndarray | None): How much each of ``labels`` looked at each of these frames
            (eq. 15), float32 [K, T], rows sum to 1. Defaults to None: not asked for.
        items (dict[str, list[tuple[str, float]]]): For labels that have them, named things that
            spoke for the label, such as movements, with their weights, highest first. Defaults to
            {}.
        places (Places | None): Where the first item of the best label was found. Defaults to None.
    """

    start: float
    end: float
    labels: list[str]
    scores: list[float]
    frame_times: list[float]
    attention: np.ndarray | None = None
    items: dict[str, list[tuple[str, float]]] = field(default_factory=dict)
    places: Places | None = None

    @property
    def best_frame(self) -> int:
        """int: The frame that the best label looked at most, or where its first item is."""
        if self.attention is not None:
            return int(np.argmax(self.attention[0]))
        return 0 if self.places is None else int(self.places.heat.max((1, 2)).argmax())

    def to_dict(self) -> dict:
        """Return the window as what JSON can hold."""
        content = {
            'start': round(self.start, 3),
            'end': round(self.end, 3),
            'labels': self.labels,
            'scores': [round(score, 6) for score in self.scores],
            'frame_times': [round(time, 3) for time in self.frame_times],
        }
        if self.attention is not None:
            content['attention'] = self.attention.round(4).tolist()
        if self.items:
            content['items'] = {
                label: [[name, round(weight, 6)] for name, weight in items]
                for label, items in self.items.items()
            }
        return content


@dataclass(frozen=True)
class VideoPrediction:
    """Scores of one video, or why there are none.

    Args:
        source (str): The file, or 'array 0' for the first array of a call.
        labels (list[str]): The best labels of the whole video, best first.
        scores (list[float]): Their probabilities among all labels, averaged over the windows.
        windows (list[WindowPrediction]): Stretches of the video in order; one that spans it all
            unless sliding windows were asked for.
        error (str | None): One line that says why the video has no scores. Defaults to None.
    """

    source: str
    labels: list[str] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    windows: list[WindowPrediction] = field(default_factory=list)
    error: str | None = None

    @property
    def ok(self) -> bool:
        """bool: Whether there are scores."""
        return self.error is None

    def to_dict(self) -> dict:
        """Return the prediction as what JSON can hold."""
        if self.error is not None:
            return {'source': self.source, 'error': self.error}
        return {
            'source': self.source,
            'labels': self.labels,
            'scores': [round(score, 6) for score in self.scores],
            'windows': [window.to_dict() for window in self.windows],
        }


class Predictions(Sequence):
    """The predictions of one call, in the order of its inputs.

    Args:
        predictions (Sequence[VideoPrediction]): One a video.
    """

    def __init__(self, predictions: Sequence[VideoPrediction]) -> None:
        self._items = list(predictions)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index):
        found = self._items[index]
        return Predictions(found) if isinstance(index, slice) else found

    def __iter__(self) -> Iterator[VideoPrediction]:
        return iter(self._items)

    @property
    def broken(self) -> list[VideoPrediction]:
        """list[VideoPrediction]: Those without scores, each with its ``error``."""
        return [item for item in self._items if not item.ok]

    def to_json(self, path: str | PathLike | None = None) -> str:
        """Return all predictions as a JSON list, and write it to a file where one is named.

        Args:
            path (str | PathLike, optional): File to write. Defaults to None.
        """
        text = json.dumps([item.to_dict() for item in self._items], ensure_ascii=False, indent=1)
        if path is not None:
            with open(path, 'w', encoding='utf-8') as file:
                file.write(text + '\n')
        return text

    def to_csv(self, path: str | PathLike) -> None:
        """Write a table: a row for every label of every window, and one for every broken video.

        Columns: source, start, end (seconds), rank (1 is the best), label, score, error.

        Args:
            path (str | PathLike): File to write.
        """
        with open(path, 'w', encoding='utf-8', newline='') as file:
            writer = csv.writer(file)
            writer.writerow(['source', 'start', 'end', 'rank', 'label', 'score', 'error'])
            for item in self._items:
                if not item.ok:
                    writer.writerow([item.source, '', '', '', '', '', item.error])
                for window in item.windows:
                    when = (f'{window.start:.3f}', f'{window.end:.3f}')
                    for rank, (label, score) in enumerate(
                        zip(window.labels, window.scores, strict=True), start=1
                    ):
                        row = (item.source, *when, rank, label, f'{score:.6f}', '')
                        writer.writerow(row)
