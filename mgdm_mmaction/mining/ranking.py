"""Scores of a video against every label, and the negatives among them."""

import numpy as np

from ..errors import MGDMError
from ..text.corpus import LabelCorpus

__all__ = ['allowed_labels', 'rank_negatives', 'true_ranks']

# Scores are compared and written with this precision, so that a tie in the file is a tie here.
DECIMALS = 6


def allowed_labels(
    corpus: LabelCorpus, texts: np.ndarray, k: int, duplicate_threshold: float | None = None
) -> np.ndarray:
    """Find which labels may be a negative of each class.

    Never the class itself, which a corpus holds once under all its spellings. With a threshold,
    neither the labels that mean nearly the same ("brush hair" and "brushing hair").

    Args:
        corpus (LabelCorpus): n labels, C classes.
        texts (np.ndarray): Normalised text embeddings, shape [n, D].
        k (int): Negatives wanted.
        duplicate_threshold (float, optional): Cosine of two texts from which on they count as the
            same action. Defaults to None.

    Returns:
        np.ndarray: bool, shape [C, n].

    Raises:
        MGDMError: If fewer than k labels are left for a class, or the threshold is no cosine.
    """
    own = corpus.class_ids
    allowed = np.ones((len(own), len(corpus)), dtype=bool)
    alike = ''
    if duplicate_threshold is not None:
        if not 0 < duplicate_threshold <= 1:
            raise MGDMError(
                f'duplicate_threshold={duplicate_threshold:g}; expected a cosine above 0 and up to '
                '1, such as 0.95.'
            )
        allowed = texts[own] @ texts.T < duplicate_threshold
        alike = f' and what is like it (threshold {duplicate_threshold:g})'
    allowed[np.arange(len(own)), own] = False
    left = allowed.sum(axis=1)
    poorest = int(left.argmin())
    if left[poorest] < k:
        raise MGDMError(
            f'{k} negatives a video asked for, but class {corpus.classes[poorest]!r} has only '
            f'{left[poorest]} of {len(corpus)} labels left beside itself{alike}. Ask for fewer '
            'with --num-negatives, or give the text head `extra_labels`.'
        )
    return allowed


def rank_negatives(
    scores: np.ndarray, allowed: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k labels that a video is confused with most (MGDM, eq. 12).

    Args:
        scores (np.ndarray): Cosines of videos and labels, shape [B, n].
        allowed (np.ndarray): Labels that may be a negative of each video, bool, shape [B, n].
        k (int): Negatives a video.

    Returns:
        tuple[np.ndarray, np.ndarray]: Corpus ids and scores, shape [B, k], scores falling, the
        lower id first among equals.
    """
    rounded = np.round(scores.astype(np.float64), DECIMALS)
    order = np.argsort(np.where(allowed, -rounded, np.inf), axis=1, kind='stable')[:, :k]
    return order, np.take_along_axis(rounded, order, axis=1)


def true_ranks(scores: np.ndarray, labels: np.ndarray, corpus: LabelCorpus) -> np.ndarray:
    """Count the classes that score higher than the true one, or equal with a lower label.

    Args:
        scores (np.ndarray): Cosines with the n labels of the corpus, shape [B, n].
        labels (np.ndarray): Labels, shape [B].
        corpus (LabelCorpus): The labels and classes.

    Returns:
        np.ndarray: 0 where the true class is the first, int, shape [B].
    """
    scores = scores[:, corpus.class_ids]
    own = scores[np.arange(len(labels)), labels][:, None]
    before = np.arange(scores.shape[1]) < labels[:, None]
    return ((scores > own) | ((scores == own) & before)).sum(axis=1)
