"""Give every training video the label texts that it is contrasted with."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...corpus import LabelCorpus
from ...errors import MGDMError
from ...negatives import NegativesFile, read_negatives, video_path

__all__ = ['AttachHardNegatives']


@TRANSFORMS.register_module()
class AttachHardNegatives(BaseTransform):
    """Attach the mined negatives of a video (MGDM, eq. 12, DOI 10.11959/j.issn.1000-436x.2024268).

    Put it anywhere before ``PackActionInputs(algorithm_keys=('text_ids',))``. It draws nothing at
    random.

    Required keys:

        - label
        - filename or frame_dir

    Added keys:

        - text_ids: corpus ids, np.int64, shape [1 + k]; the video's own class first, then the
          negatives of rank ``start`` to ``start + k - 1``, hardest first.

    Args:
        negatives_file (str, optional): File written by ``tools/mine_negatives.py``. Only k = 0 goes
            without. Defaults to None.
        k (int, optional): Negatives a video. Defaults to 7.
        start (int, optional): Rank of the first negative, from 1. The paper's "bot" control skips
            the hardest ones: 7 with k = 3. Defaults to 1.
        corpus (dict, optional): ``dict(classes=..., extra=..., prompt=...)`` of the model's text
            bank. Needed without a file; with one, it must be the corpus of the file. Defaults to
            None.

    Raises:
        MGDMError: If k or start reach beyond what was mined, the file is missing or of another
            corpus, or a video is not in the file or has another label there.

    Example:
        >>> transform = AttachHardNegatives(k=0, corpus=dict(classes=['run', 'jump']))
        >>> transform(dict(filename='1.mp4', label=1))['text_ids']
        array([1])
    """

    def __init__(
        self,
        negatives_file: str | None = None,
        k: int = 7,
        start: int = 1,
        corpus: Mapping | None = None,
    ) -> None:
        if not isinstance(k, int) or k < 0:
            raise MGDMError(f'AttachHardNegatives: k={k!r}; expected 0 or more negatives.')
        if not isinstance(start, int) or start < 1:
            raise MGDMError(f'AttachHardNegatives: start={start!r}; ranks count from 1.')
        self.negatives_file = negatives_file
        self.k = k
        self.start = start
        own = None if corpus is None else LabelCorpus.from_dict(corpus)
        self.file: NegativesFile | None = None
        # With k = 0 and a corpus nothing is read, so that the baseline runs before mining.
        if k > 0 or own is None:
            if negatives_file is None:
                raise MGDMError(
                    f'AttachHardNegatives: k={k} without '
                    + ('`negatives_file`; mine one with tools/mine_negatives.py.' if k else
                       '`negatives_file` and `corpus`; give one, so that labels have corpus ids.')
                )  # fmt: skip
            self.file = _read_once(negatives_file)
            self._check_depth()
            if own is not None:
                self.file.check_corpus(own)
        self.corpus = own if self.file is None else self.file.corpus
        self._class_ids = self.corpus.class_ids

    def _check_depth(self) -> None:
        last = self.start + self.k - 1
        if self.k and last > self.file.k:
            most = len(self.file.corpus) - 1
            mend = f'mine again with --num-negatives {last}'
            if last > most:
                mend = f'add labels to the {most + 1} of the corpus (`cls_head.extra_labels`)'
            raise MGDMError(
                f'AttachHardNegatives: k={self.k} from rank {self.start} needs negatives up to '
                f'rank {last}, but {self.file.path} holds k={self.file.k}. Lower k or start, or '
                f'{mend}.'
            )

    def transform(self, results: dict) -> dict:
        """Add ``text_ids`` to the results of a video."""
        label = self._label(results)
        text_ids = np.empty(1 + self.k, dtype=np.int64)
        text_ids[0] = self._class_ids[label]
        if self.k:
            row = self.file.lookup(video_path(results))
            mined = int(self.file.labels[row])
            if mined != label:
                names = self.corpus.classes
                raise MGDMError(
                    f'{self.file.path}:{row + 2}: {self.file.path_of(row)!r} has label {mined} '
                    f'({names[mined]!r}) there, but label {label} ({names[label]!r}) in the '
                    'annotation file. Mine again for this list.'
                )
            text_ids[1:] = self.file.negatives[row, self.start - 1 : self.start - 1 + self.k]
        results['text_ids'] = text_ids
        return results

    def _label(self, results: dict) -> int:
        label = np.asarray(results['label'])
        if label.size != 1:
            raise MGDMError(
                f'{video_path(results)!r}: has {label.size} label values; MGDM needs one label a '
                'video (set multi_class=False).'
            )
        label = int(label.item())
        if not 0 <= label < len(self._class_ids):
            raise MGDMError(
                f'{video_path(results)!r}: label {label}, but there are {len(self._class_ids)} '
                f'classes (0 to {len(self._class_ids) - 1}). Correct the annotation file or the '
                'list of classes.'
            )
        return label

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(negatives_file={self.negatives_file!r}, k={self.k}, '
            f'start={self.start})'
        )


def _read_once(path: str) -> NegativesFile:
    """Read a file once a process and state of the file."""
    stat = Path(path).stat() if Path(path).is_file() else None
    return _read_cached(str(path), stat and (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=2)
def _read_cached(path: str, state: tuple | None) -> NegativesFile:
    return read_negatives(path)
