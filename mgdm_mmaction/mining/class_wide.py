"""The same negatives for every video of a class, whatever they come from."""

from pathlib import Path

import numpy as np
from mmengine.config import Config

from ..datasets.annotations import check_dataset
from ..errors import MGDMError
from ..negatives import NegativesHeader, NegativesSummary, NegativesWriter, validate_negatives
from ..text.corpus import LabelCorpus
from ..version import __version__
from .ranking import rank_negatives
from .videos import MiningVideos, joint_digest

__all__ = ['write_class_wide']


def write_class_wide(
    cfg: Config,
    out: str | Path,
    corpus: LabelCorpus,
    scores: np.ndarray,
    allowed: np.ndarray,
    num_negatives: int | None = None,
    split: str = 'train',
    overwrite: bool = False,
    architecture: str = '',
    weights_digest: str = '',
    settings: dict | None = None,
) -> NegativesSummary:
    """Write a negatives file from scores of labels for classes. No video is decoded.

    Args:
        cfg (Config): Its lists name the videos.
        out (str | Path): The negatives file to write.
        corpus (LabelCorpus): n labels, C classes.
        scores (np.ndarray): How much a class is confused with a label, shape [C, n].
        allowed (np.ndarray): Labels that may be a negative of a class, bool, shape [C, n].
        num_negatives (int, optional): Negatives a video. Defaults to None: 16, or what a small
            corpus has.
        split (str, optional): 'train', 'val' or 'test': whose videos. Defaults to 'train'.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.
        architecture (str, optional): CLIP architecture that the scores come from. Defaults to ''.
        weights_digest (str, optional): Fingerprint of its weights. Defaults to ''.
        settings (dict, optional): Noted in the header. Defaults to None.

    Returns:
        NegativesSummary: What the file holds.

    Raises:
        MGDMError: If more negatives are asked for than a class has, or the lists do not fit.
    """
    left = int(allowed.sum(axis=1).min())
    k = min(16, left) if num_negatives is None else num_negatives
    if not 1 <= k <= left:
        raise MGDMError(f'{k} negatives a video asked for; from 1 to {left} can be had.')
    if not cfg.get(f'{split}_dataloader'):
        raise MGDMError(f'the config has no {split}_dataloader; the videos are those of its list.')
    lists = check_dataset(
        cfg[f'{split}_dataloader']['dataset'], len(corpus.classes), corpus.classes
    )
    negatives, values = rank_negatives(scores, allowed, k)
    videos = MiningVideos(cfg, split, len(corpus.classes))
    header = NegativesHeader(
        architecture=architecture,
        weights_digest=weights_digest,
        prompt=corpus.prompt,
        labels=corpus.labels,
        classes=corpus.classes,
        class_ids=corpus.class_ids.tolist(),
        num_frames=0,
        k=k,
        annotation_digest=joint_digest([item.digest for item in lists]),
        package_version=__version__,
        settings={'split': split, **(settings or {})},
    )
    with NegativesWriter(out, header, overwrite) as writer:
        for i, label in enumerate(videos.labels):
            writer.write(videos.path_of(i), label, negatives[label], values[label])
    return validate_negatives(out)
