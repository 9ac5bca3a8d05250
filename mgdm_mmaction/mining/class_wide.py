"""The same negatives for all videos of a class: from texts, a graph, a test run; none decoded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.config import Config

from ..config import ParsedConfig
from ..errors import MGDMError
from ..graph import KnowledgeGraph, read_graph
from ..negatives import NegativesFile, NegativesHeader, NegativesWriter, read_negatives
from ..report import list_names
from ..text.corpus import LabelCorpus, normalize_label
from .dumps import read_dump
from .miner import default_k
from .ranking import allowed_labels, rank_negatives
from .scorers import FrozenClip
from .videos import MiningVideos

__all__ = [
    'confusion_matrix',
    'mine_confusions',
    'mine_graph',
    'mine_text_only',
    'movement_overlap',
]


def mine_text_only(
    cfg: ParsedConfig | Config | str | Path,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    duplicate_threshold: float | None = None,
    overwrite: bool = False,
) -> NegativesFile:
    """Write negatives that no video was looked at for: the nearest labels by text.

    The score of a label for all videos of a class is the cosine of the two texts in the frozen text
    tower. Not the paper's method, but its control (what does looking at the video add?), and a way
    to train when the videos cannot be mined. The files need not be there.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config, or its file: its lists name the videos,
            ``model.backbone`` names the weights.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or what a small
            corpus has.
        split (str, optional): 'train', 'val' or 'test': whose videos. Defaults to 'train'.
        duplicate_threshold (float, optional): Cosine of two texts from which on a label is no
            negative of the other. Defaults to None: only the same name is.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesFile: What the file holds.

    Raises:
        MGDMError: See :func:`mgdm_mmaction.mining.mine`.

    Example:
        >>> mine_text_only('configs/toy/mgdm_toy.py', 'text.jsonl')  # doctest: +SKIP
    """
    cfg = ParsedConfig.of(cfg)
    corpus = cfg.corpus
    clip = FrozenClip(cfg.config.model.get('backbone', {}))
    texts = clip.prepare(corpus)
    allowed = allowed_labels(corpus, texts, num_negatives or 1, duplicate_threshold)
    scores = texts[corpus.class_ids] @ texts.T
    settings = {'scorer': 'text only', 'duplicate_threshold': duplicate_threshold}
    tower = (clip.arch, clip.digest)
    return _write(cfg, out, scores, allowed, num_negatives, split, overwrite, settings, tower)


def mine_confusions(
    cfg: ParsedConfig | Config | str | Path,
    dump: str | Path,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    overwrite: bool = False,
) -> NegativesFile:
    """Write negatives by class: the classes that a test run confused it with most.

    An option beyond the paper. Dump a test on videos that are neither the ones trained on, where a
    model hardly errs, nor the ones that the result is reported on.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config whose training list the file is for.
        dump (str | Path): See :func:`confusion_matrix`.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or all other
            classes.
        split (str, optional): Whose videos. Defaults to 'train'.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesFile: What the file holds.

    Raises:
        MGDMError: If the dump does not fit, or a class has no video in it.
    """
    cfg = ParsedConfig.of(cfg)
    corpus = cfg.corpus
    matrix = confusion_matrix(dump, len(corpus.classes))
    if len(empty := np.flatnonzero(np.isnan(matrix[:, 0]))):
        names = list_names([corpus.classes[i] for i in empty])
        raise MGDMError(
            f'{dump}: holds no video of {len(empty)} classes ({names}), so that nothing is known '
            'of what they are confused with. Test on videos of all classes.'
        )
    settings = {'scorer': 'confusions of a test run'}
    found = _among_classes(corpus, matrix)
    return _write(cfg, out, *found, num_negatives, split, overwrite, settings)


def mine_graph(
    cfg: ParsedConfig | Config | str | Path,
    graph: KnowledgeGraph | str | Path,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    overwrite: bool = False,
) -> NegativesFile:
    """Write negatives by class: the classes that share most movements with it in a graph.

    An option beyond the paper. Classes that share none come last; among equals the lower label is
    first.

    Args:
        cfg (ParsedConfig | Config | str | Path): Config whose training list the file is for.
        graph (KnowledgeGraph | str | Path): A graph, its file, or the name of a packaged one.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or all other
            classes.
        split (str, optional): Whose videos. Defaults to 'train'.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesFile: What the file holds.

    Raises:
        MGDMError: If the graph cannot be read, has other actions, or no movement of a class.
    """
    cfg = ParsedConfig.of(cfg)
    corpus = cfg.corpus
    if not isinstance(graph, KnowledgeGraph):
        graph = read_graph(graph)
    settings = {'scorer': 'movements of a graph', 'graph': graph.digest}
    found = _among_classes(corpus, movement_overlap(graph, corpus.classes))
    return _write(cfg, out, *found, num_negatives, split, overwrite, settings)


def movement_overlap(graph: KnowledgeGraph, classes: Sequence[str]) -> np.ndarray:
    """Compare the movements of classes: shared ones by all that either has (Jaccard).

    Args:
        graph (KnowledgeGraph): Its relation a-b is used.
        classes (Sequence[str]): The C classes of the data set, in any spelling.

    Returns:
        np.ndarray: 0 to 1, float64, shape [C, C].

    Raises:
        MGDMError: If the graph has other actions, or a class has no movement.
    """
    graph.check_classes(classes)
    place = {normalize_label(name): i for i, name in enumerate(classes)}
    has = np.zeros((len(classes), len(graph.movements)))
    for action, movement in graph.pairs:
        has[place[normalize_label(graph.actions[action])], movement] = 1
    if len(without := np.flatnonzero(~has.any(axis=1))):
        names = list_names([classes[i] for i in without])
        raise MGDMError(
            f'{graph.path}: has no movement of {len(without)} classes ({names}), so that nothing '
            'is known of what they are like. Add some to the graph.'
        )
    shared, sizes = has @ has.T, has.sum(axis=1)
    return shared / (sizes[:, None] + sizes - shared)


def confusion_matrix(dump: str | Path, num_classes: int) -> np.ndarray:
    """Average the scores of a test run over the videos of each class.

    A soft confusion matrix: unlike counts of mistakes it also ranks the classes that no video was
    taken for.

    Args:
        dump (str | Path): File of ``tools/test.py ... --dump FILE.pkl``.
        num_classes (int): C.

    Returns:
        np.ndarray: Mean score of each class, rows by true class, shape [C, C]. Rows of classes
        without a video are nan.

    Raises:
        MGDMError: If the file is missing, no dump, of another number of classes, or holds logits.
    """
    scores, labels, _ = read_dump(dump, num_classes)
    if (scores < 0).any() or not np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        raise MGDMError(
            f'{dump}: the scores of a video do not add up to 1. Test with '
            "model.test_cfg.average_clips='prob'."
        )
    matrix = np.full((num_classes, num_classes), np.nan)
    for label in np.unique(labels):
        matrix[label] = scores[labels == label].mean(axis=0)
    return matrix


def _among_classes(corpus: LabelCorpus, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spread scores of classes [C, C] over the n labels; the other classes alone are allowed."""
    own = corpus.class_ids
    scores = np.zeros((len(own), len(corpus)))
    scores[:, own] = matrix
    allowed = np.zeros(scores.shape, dtype=bool)
    allowed[:, own] = ~np.eye(len(own), dtype=bool)
    return scores, allowed


def _write(
    cfg: ParsedConfig,
    out: str | Path,
    scores: np.ndarray,
    allowed: np.ndarray,
    num_negatives: int | None,
    split: str,
    overwrite: bool,
    settings: dict,
    tower: tuple[str, str] = ('', ''),
) -> NegativesFile:
    """Write a file from scores of n labels for C classes, and which of them are allowed."""
    left = int(allowed.sum(axis=1).min())
    k = default_k(allowed) if num_negatives is None else num_negatives
    if not 1 <= k <= left:
        raise MGDMError(f'{k} negatives a video asked for; from 1 to {left} can be had.')
    videos = MiningVideos(cfg, split)
    negatives, values = rank_negatives(scores, allowed, k)
    settings = {'split': split, **settings}
    header = NegativesHeader.of(cfg.corpus, k, videos.digest, settings, tower)
    with NegativesWriter(out, header, overwrite) as writer:
        for i, label in enumerate(videos.labels):
            writer.write(videos.path_of(i), label, negatives[label], values[label])
    return read_negatives(out)
