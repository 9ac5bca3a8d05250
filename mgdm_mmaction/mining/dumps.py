"""The scores that a test run has dumped."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.fileio import load

from ..errors import MGDMError
from ..negatives import video_path
from ..negatives.format import path_key

__all__ = ['Dump', 'check_same_videos', 'read_dump']


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


def read_dump(dump: str | Path, num_classes: int | None) -> Dump:
    """Read a file of ``tools/test.py --dump``, ours or MMAction2's.

    Args:
        dump (str | Path): The file.
        num_classes (int | None): C; None for whatever it has.

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
    if num_classes is None and scores.ndim == 2:
        num_classes = scores.shape[1]
    if scores.shape[1:] != (num_classes,):
        raise MGDMError(
            f'{dump}: has scores of {scores.shape[1]} classes; expected {num_classes}. '
            'Dump a test of this config.'
        )
    if len(bad := np.flatnonzero((labels < 0) | (labels >= num_classes))):
        raise MGDMError(
            f'{dump}: video {bad[0]} has label {labels[bad[0]]}; expected 0 to {num_classes - 1}. '
            'Dump a test of this config.'
        )
    return Dump(scores, labels, paths)


def check_same_videos(a: str | Path, one: Dump, b: str | Path, other: Dump) -> None:
    """Refuse scores that are not of one list, in one order.

    Args:
        a (str | Path): What to call the first.
        one (Dump): The first; its scores may be missing.
        b (str | Path): What to call the second.
        other (Dump): The second.

    Raises:
        MGDMError: If number, labels or paths differ; the message names the first video.
    """
    again = 'Test both models with the same config, list and order (tools/test.py --dump).'
    if len(one.labels) != len(other.labels):
        raise MGDMError(f'{a} has {len(one.labels)} videos, {b} has {len(other.labels)}. {again}')
    pairs = zip(one.labels.tolist(), other.labels.tolist(), strict=True)
    found = [(f'label {first}', f'label {second}', first == second) for first, second in pairs]
    # The same list may have been tested below another folder.
    found += [
        (first, second, path_key(first).split('/')[-2:] == path_key(second).split('/')[-2:])
        for first, second in zip(one.paths or (), other.paths or (), strict=False)
    ]
    for at, (first, second, equal) in enumerate(found):
        if not equal:
            raise MGDMError(
                f'video {at % len(one.labels)} has {first} in {a}, but {second} in {b}: these are '
                f'different lists, or different orders of one. {again}'
            )
