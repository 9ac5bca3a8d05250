"""What must hold for the rows of a negatives file, checked for all rows at once."""

import numpy as np

from ..errors import MGDMError
from .format import MINE_HINT, NegativesHeader

__all__ = ['check_rows']


def check_rows(
    path: str,
    header: NegativesHeader,
    labels: np.ndarray,
    negatives: np.ndarray,
    scores: np.ndarray,
) -> None:
    """Check labels, negatives and scores against the header and each other.

    Args:
        path (str): File name, for messages; row i is line i + 2.
        header (NegativesHeader): The header.
        labels (np.ndarray): Shape [N].
        negatives (np.ndarray): Corpus ids, shape [N, k].
        scores (np.ndarray): Shape [N, k].

    Raises:
        MGDMError: Naming the first line where a label or id is out of range, a negative is the
            video's own class or there twice, or a score is not finite or larger than the one
            before it.
    """
    num_classes, num_labels = len(header.classes), len(header.labels)

    def fail(row: int, message: str) -> None:
        raise MGDMError(f'{path}:{row + 2}: {message} {MINE_HINT}')

    def first(bad: np.ndarray) -> int | None:
        rows = np.flatnonzero(bad.any(axis=tuple(range(1, bad.ndim))))
        return int(rows[0]) if len(rows) else None

    if (row := first((labels < 0) | (labels >= num_classes))) is not None:
        fail(row, f'label {labels[row]}, but the header has {num_classes} classes (0 to '
                  f'{num_classes - 1}).')  # fmt: skip
    bad = (negatives < 0) | (negatives >= num_labels)
    if (row := first(bad)) is not None:
        fail(row, f'negative {negatives[row][bad[row]][0]}, but the corpus has {num_labels} labels '
                  f'(0 to {num_labels - 1}).')  # fmt: skip
    own = np.asarray(header.class_ids)[labels]
    if (row := first(negatives == own[:, None])) is not None:
        name = header.labels[own[row]]
        fail(row, f'negative {own[row]} ({name!r}) is the class of the video itself.')
    ordered = np.sort(negatives, axis=1)
    same = ordered[:, 1:] == ordered[:, :-1]
    if (row := first(same)) is not None:
        fail(row, f'negative {ordered[row][1:][same[row]][0]} is there twice.')
    if (row := first(~np.isfinite(scores))) is not None:
        fail(row, 'a score is not a finite number.')
    if (row := first(scores[:, 1:] > scores[:, :-1])) is not None:
        fail(row, 'the scores rise; negatives should be sorted, hardest first.')
