"""What a negatives file says about the classes, counted."""

from dataclasses import dataclass

import numpy as np

from ...errors import MGDMError
from .. import NegativesFile
from .overlap import class_overlap, overlap_between_classes

__all__ = ['DEPTH', 'FIRST', 'FileStatistics', 'Pair', 'class_names', 'count_file', 'count_labels']

# A class is taken for another where that is among this many hardest negatives of a video. The
# miner's summary counts the same way.
FIRST = 3
# Negatives of a video that the configs train with; a file holds more of them.
DEPTH = 7


@dataclass(frozen=True)
class Pair:
    """Two classes that are taken for each other.

    Args:
        first (str): A class.
        second (str): Another class, or a label that is none.
        forward (float): Fraction of the videos of ``first`` with ``second`` among the first few.
        backward (float | None): Fraction of the videos of ``second`` with ``first`` there; None if
            ``second`` has no videos.
    """

    first: str
    second: str
    forward: float
    backward: float | None


@dataclass(frozen=True)
class FileStatistics:
    """The counts of a file of N videos, C classes and n labels.

    Args:
        num_videos (int): N.
        k (int): Negatives of a video.
        first (int): How many hardest negatives ``among_first`` looks at.
        depth (int): How many ``among_depth`` and the overlaps look at.
        videos (np.ndarray): Videos of every class, shape [C].
        among_first (np.ndarray): Videos of a class that have a label among the first ``first``,
            shape [C, n].
        among_depth (np.ndarray): The same for ``depth``, shape [C, n].
        used (np.ndarray): Videos that have a label among all k, shape [n].
        overlap (np.ndarray): See :func:`class_overlap`, shape [C].
        overlap_between (float): See :func:`overlap_between_classes`.
    """

    num_videos: int
    k: int
    first: int
    depth: int
    videos: np.ndarray
    among_first: np.ndarray
    among_depth: np.ndarray
    used: np.ndarray
    overlap: np.ndarray
    overlap_between: float

    @property
    def shares(self) -> np.ndarray:
        """Fraction of the videos of a class with a label among the first few, shape [C, n]."""
        return self.among_first / np.maximum(self.videos, 1)[:, None]

    @property
    def mean_overlap(self) -> float:
        """Mean overlap over the classes of two or more videos; NaN if there are none."""
        known = self.overlap[~np.isnan(self.overlap)]
        return float(known.mean()) if len(known) else float('nan')


def class_names(file: NegativesFile) -> list[str]:
    """Return the classes as the corpus spells them, label order."""
    return [file.corpus.labels[i] for i in file.corpus.class_ids]


def count_labels(file: NegativesFile, depth: int) -> np.ndarray:
    """Count for every class how many of its videos have a label among the hardest.

    Args:
        file (NegativesFile): C classes, n labels.
        depth (int): Hardest negatives looked at.

    Returns:
        np.ndarray: Shape [C, n].
    """
    shape = len(file.corpus.classes), len(file.corpus)
    cells = file.labels[:, None].astype(np.int64) * shape[1] + file.negatives[:, :depth]
    return np.bincount(cells.ravel(), minlength=shape[0] * shape[1]).reshape(shape)


def count_file(file: NegativesFile, depth: int | None = None, seed: int = 0) -> FileStatistics:
    """Count what a file holds.

    Args:
        file (NegativesFile): The file.
        depth (int, optional): Hardest negatives of a video that count as its negatives. Defaults to
            None: :data:`DEPTH`, or all if there are fewer.
        seed (int, optional): Seed of what is drawn at random. Defaults to 0.

    Returns:
        FileStatistics: The counts.

    Raises:
        MGDMError: If the file holds no video, or not as many negatives as ``depth``.
    """
    if len(file) == 0:
        raise MGDMError(f'{file.path}: holds a header and no video; there is nothing to show.')
    if depth is None:
        depth = min(DEPTH, file.k)
    if not 1 <= depth <= file.k:
        raise MGDMError(
            f'--depth {depth}: expected 1 to {file.k}, the negatives of every video in {file.path}.'
        )
    first = min(FIRST, file.k)
    return FileStatistics(
        num_videos=len(file),
        k=file.k,
        first=first,
        depth=depth,
        videos=np.bincount(file.labels, minlength=len(file.corpus.classes)),
        among_first=count_labels(file, first),
        among_depth=count_labels(file, depth),
        used=np.bincount(file.negatives.ravel(), minlength=len(file.corpus)),
        overlap=class_overlap(file, depth, seed),
        overlap_between=overlap_between_classes(file, depth, seed),
    )
