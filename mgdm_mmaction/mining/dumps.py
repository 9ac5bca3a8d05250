"""The scores that a test run has dumped."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.fileio import load

from ..errors import MGDMError
from ..negatives import video_path

__all__ = ['Dump', 'read_dump']


class Dump(NamedTuple):
    """Scores of N videos, in the order of the test list.

    Args:
        scores (np.ndarray): float64, shape [N, C].
        labels (np.ndarray): True classes, int64, shape [N].
        paths (list[str] | None): Videos as the data set named them; None where the dump does not
            say, as those of MMAction2's own ``test.py``.
    """

    scores: np.ndarray
    labels: np.ndarray
    paths: list[str] | None


def read_dump(dump: str | Path, num_classes: int) -> Dump:
    """Read a file of ``tools/test.py --dump``, ours or MMAction2's.

    Args:
        dump (str | Path): The file.
        num_classes (int): C.

    Returns:
        Dump: Its content.

    Raises:
        MGDMError: If the file is missing, no dump, or of another number of classes.
    """
    if not Path(dump).is_file():
        raise MGDMError(f'{dump}: no such file. Write it: tools/test.py CONFIG CHECKPOINT --dump '
                        f'{dump}')  # fmt: skip
    try:
        samples = load(str(dump))
        scores = np.stack([np.asarray(sample['pred_score'], np.float64) for sample in samples])
        labels = np.array([int(sample['gt_label']) for sample in samples])
        named = all('filename' in sample or 'frame_dir' in sample for sample in samples)
        paths = [video_path(sample) for sample in samples] if named else None
    except Exception as error:
        # A file that is something else fails in as many ways as there are files.
        found = ' '.join(str(error).split())[:200]
        raise MGDMError(
            f'{dump}: is no dump of a test run ({type(error).__name__}: {found}). Write one: '
            'tools/test.py CONFIG CHECKPOINT --dump FILE.pkl'
        ) from None
    if scores.shape[1:] != (num_classes,):
        raise MGDMError(
            f'{dump}: has scores of {scores.shape[1]} classes, but the config has {num_classes}. '
            'Dump a test of this config.'
        )
    if len(bad := np.flatnonzero((labels < 0) | (labels >= num_classes))):
        raise MGDMError(
            f'{dump}: video {bad[0]} has label {labels[bad[0]]}; expected 0 to {num_classes - 1}. '
            'Dump a test of this config.'
        )
    return Dump(scores, labels, paths)
