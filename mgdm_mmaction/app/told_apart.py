"""The classes that training told apart from a class."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..config import Attach
from ..errors import MGDMError
from ..negatives import NegativesFile, class_negatives, read_negatives
from ..text.corpus import normalize_label

__all__ = ['Neighbour', 'ToldApart', 'find_told_apart']

# More do not help the eye; what the configs train with.
_SHOWN = 7


class Neighbour(NamedTuple):
    """A label that a class is easily taken for.

    Args:
        label (str): The label.
        share (float): Fraction of the training clips of the class that were trained against it.
    """

    label: str
    share: float


class ToldApart:
    """Hard negatives of whole classes, by name.

    Args:
        file (NegativesFile): Negatives of the training clips.
        start (int, optional): Rank of the first negative that training takes. Defaults to 1.
        last (int, optional): Rank of the last one. Defaults to None: 7, or as many as there are.

    Raises:
        MGDMError: If the file holds no video, or not as many negatives as ``last``.
    """

    def __init__(self, file: NegativesFile, start: int = 1, last: int | None = None) -> None:
        if len(file) == 0:
            raise MGDMError(f'{file.path}: holds a header and no video; mine it again.')
        last = min(_SHOWN, file.k) if last is None else last
        if last > file.k:
            raise MGDMError(
                f'{file.path}: holds {file.k} negatives a video, and the config trains with those '
                f'up to rank {last}: it is not the file that this checkpoint was trained with.'
            )
        self.file = file
        self.classes = {normalize_label(name): i for i, name in enumerate(file.corpus.classes)}
        self._ranking = class_negatives(file).negatives
        self._taken = file.negatives[:, start - 1 : last]

    def of(self, label: str) -> list[Neighbour] | None:
        """Return what a class, in any spelling, was told apart from, hardest first.

        Returns:
            list[Neighbour] | None: None if it is no class of the file, or has no training clip.
        """
        row = self.classes.get(normalize_label(label))
        taken = self._taken[self.file.labels == row]
        if row is None or not len(taken):
            return None
        names = self.file.corpus.labels
        shares = np.bincount(taken.ravel(), minlength=len(names)) / len(taken)
        ids = [i for i in self._ranking[row] if shares[i] > 0]
        return [Neighbour(names[i], float(shares[i])) for i in ids[:_SHOWN]]


def find_told_apart(
    attach: Attach | None, labels: Sequence[str], path: str | os.PathLike | None = None
) -> tuple[ToldApart | None, str]:
    """Find the negatives of a checkpoint: the file that is named, or the one of its config.

    Args:
        attach (Attach | None): What the training attached to its clips.
        labels (Sequence[str]): The checkpoint's own classes.
        path (str | PathLike, optional): A negatives file. Defaults to None: the config's, which may
            be absent.

    Returns:
        tuple[ToldApart | None, str]: The negatives, None if there are none to show; one line for
        the terminal that reports what was taken, or why nothing was.

    Raises:
        MGDMError: If the file is none, or is about other classes. If the config names it, this is
            a note instead: the page works without.
    """
    trained = attach is not None and attach.k > 0
    start = attach.start if trained else 1
    last = start + (attach.pool or attach.k) - 1 if trained else None
    if path is not None:
        return _read(str(path), labels, start, last), f'negatives: {path}'
    if not trained:
        return None, 'negatives: none, this checkpoint was trained without any'
    named = str(attach.negatives_file)
    if not os.path.isfile(named):
        note = f'negatives: the config names {named}, which is not here; --negatives FILE helps'
        return None, note
    try:
        return _read(named, labels, start, last), f'negatives: {named}'
    except MGDMError as error:
        return None, f'negatives: not shown. {error}'


def _read(path: str, labels: Sequence[str], start: int, last: int | None) -> ToldApart:
    told_apart = ToldApart(read_negatives(path), start, last)
    if told_apart.classes.keys().isdisjoint(map(normalize_label, labels)):
        classes = ', '.join(told_apart.file.corpus.classes[:3])
        raise MGDMError(
            f'{path}: is about other classes ({classes}, ...) than the checkpoint '
            f'({", ".join(labels[:3])}, ...). Give the file that it was trained with.'
        )
    return told_apart
