"""Negatives by text alone: the labels that read most like the class of a video."""

from pathlib import Path

from mmengine.config import Config

from ..negatives import NegativesSummary
from .class_wide import write_class_wide
from .encoder import FrozenClip
from .miner import corpus_of
from .ranking import allowed_labels

__all__ = ['mine_text_only']


def mine_text_only(
    cfg: Config,
    out: str | Path,
    num_negatives: int | None = None,
    split: str = 'train',
    duplicate_threshold: float | None = None,
    overwrite: bool = False,
) -> NegativesSummary:
    """Write negatives that no video was looked at for: the nearest labels by text.

    The score of a label for all videos of a class is the cosine of the two texts in the frozen text
    tower. Not the paper's method, but its control (what does looking at the video add?), and a way
    to train when the videos cannot be mined. Nothing is decoded, and the files need not be there.

    Args:
        cfg (Config): Its lists name the videos; ``model.backbone`` names the weights.
        out (str | Path): The negatives file to write.
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or what a small
            corpus has.
        split (str, optional): 'train', 'val' or 'test': whose videos. Defaults to 'train'.
        duplicate_threshold (float, optional): Cosine of two texts from which on a label is no
            negative of the other. Defaults to None: only the same name is.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.

    Returns:
        NegativesSummary: What the file holds.

    Raises:
        MGDMError: See :func:`mgdm_mmaction.mining.mine`.

    Example:
        >>> mine_text_only(read_config('configs/toy/mgdm_toy.py'), 'text.jsonl')  # doctest: +SKIP
    """
    corpus = corpus_of(cfg)
    clip = FrozenClip(cfg.model.get('backbone', {}))
    texts = clip.prepare(corpus)
    allowed = allowed_labels(corpus, texts, num_negatives or 1, duplicate_threshold)
    return write_class_wide(
        cfg,
        out,
        corpus,
        texts[corpus.class_ids] @ texts.T,
        allowed,
        num_negatives,
        split,
        overwrite,
        architecture=clip.arch,
        weights_digest=clip.digest,
        settings={'scorer': 'text only', 'duplicate_threshold': duplicate_threshold},
    )
