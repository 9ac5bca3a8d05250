"""Give every training video the label texts that it is contrasted with."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...errors import MGDMError
from ...negatives import ClassNegatives, NegativesFile, class_negatives, read_negatives, video_path
from ...text.corpus import LabelCorpus
from .negative_choice import NegativeChoice

__all__ = ['AttachHardNegatives']


@TRANSFORMS.register_module()
class AttachHardNegatives(BaseTransform):
    """Attach the mined negatives of a video (MGDM, eq. 12, DOI 10.11959/j.issn.1000-436x.2024268).

    Put it anywhere before ``PackActionInputs(algorithm_keys=('text_ids',))``. Without ``pool`` it
    draws nothing at random.

    Required keys:

        - label
        - filename or frame_dir

    Added keys:

        - text_ids: corpus ids, np.int64, shape [1 + k]; the video's own class first, then the
          negatives of rank ``start`` to ``start + k - 1`` or those that were drawn, hardest first.

    Args:
        negatives_file (str, optional): File written by ``tools/mine_negatives.py``. With k = 0 it
            is not read. Defaults to None.
        k (int, optional): Negatives a video. Defaults to 7.
        start (int, optional): Rank of the first negative, from 1. The paper's "bot" control skips
            the hardest ones: 7 with k = 3. Defaults to 1.
        corpus (dict, optional): ``dict(classes=..., extra=..., prompt=...)`` of the model's text
            bank, which must be the corpus of the file. Defaults to None.
        pool (int, optional): Draw the k negatives anew each time, out of that many ranks from
            ``start`` on. Defaults to None: no draw.
        temperature (float, optional): Of the draw, see :class:`NegativeChoice`. Defaults to None:
            all ranks of the pool alike.
        missing (str, optional): What becomes of a video that the file does not hold: 'error', or
            'class', the negatives of its class as
            :func:`mgdm_mmaction.negatives.class_negatives` makes them. Defaults to 'error'.

    Raises:
        MGDMError: If k, start or pool reach beyond what was mined, the file is missing or of
            another corpus, or a video is not in the file or has another label there.

    Example:
        >>> transform = AttachHardNegatives(k=0)
        >>> transform(dict(filename='1.mp4', label=1))['text_ids']
        array([1])
    """

    def __init__(
        self,
        negatives_file: str | None = None,
        k: int = 7,
        start: int = 1,
        corpus: Mapping | None = None,
        pool: int | None = None,
        temperature: float | None = None,
        missing: str = 'error',
    ) -> None:
        self.choice = NegativeChoice(k, start, pool, temperature)
        if missing not in ('error', 'class'):
            raise MGDMError(
                f"AttachHardNegatives: missing={missing!r}; expected 'error' or 'class'."
            )
        self.k = k
        self.missing = missing
        self._own = None if corpus is None else LabelCorpus.from_dict(corpus)
        self.file: NegativesFile | None = None
        self.corpus = self._own
        self._of_class: ClassNegatives | None = None
        # With k = 0 nothing is read, so that the baseline runs before mining.
        if k == 0:
            self.negatives_file = negatives_file
        elif negatives_file is None:
            raise MGDMError(
                f'AttachHardNegatives: k={k} without `negatives_file`; mine one with '
                'tools/mine_negatives.py.'
            )
        else:
            self.read(negatives_file)

    def read(self, negatives_file: str) -> None:
        """Take the negatives of a file, instead of those of another one.

        Args:
            negatives_file (str): The file.

        Raises:
            MGDMError: If it does not fit, see the class.
        """
        self.negatives_file = negatives_file
        self.file = _read_once(negatives_file)
        self._check_depth()
        if self._own is not None:
            self.file.check_corpus(self._own)
        self._of_class = class_negatives(self.file) if self.missing == 'class' and self.k else None
        self.corpus = self.file.corpus

    def _check_depth(self) -> None:
        choice, held = self.choice, self.file.k
        if choice.last > held:
            what, lower = f'k={self.k}', 'k or start'
            if choice.pool is not None:
                what, lower = f'pool={choice.pool}', 'pool or start'
            most = len(self.file.corpus) - 1
            remedy = f'mine again with --num-negatives {choice.last}'
            if choice.last > most:
                remedy = f'add labels to the {most + 1} of the corpus (`cls_head.extra_labels`)'
            raise MGDMError(
                f'AttachHardNegatives: {what} from rank {choice.start} needs negatives up to '
                f'rank {choice.last}, but {self.file.path} holds k={held}. Lower {lower}, or '
                f'{remedy}.'
            )

    def transform(self, results: dict) -> dict:
        """Add ``text_ids`` to the results of a video."""
        if not self.k and np.asarray(results['label']).size > 1:
            return results  # several labels a video: a loss over all classes takes them
        label = self._label(results)
        text_ids = np.empty(1 + self.k, dtype=np.int64)
        text_ids[0] = label  # a corpus begins with the classes, in label order
        if self.k:
            text_ids[1:] = self.choice(*self._mined(video_path(results), label))
        results['text_ids'] = text_ids
        return results

    def _mined(self, path: str, label: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the negatives of a video and their scores."""
        row = self.file.find(path) if self._of_class is not None else self.file.lookup(path)
        if row is None:
            return self._mined_for_class(path, label)
        mined = int(self.file.labels[row])
        if mined != label:
            names = self.corpus.classes
            raise MGDMError(
                f'{self.file.path}:{row + 2}: {self.file.path_of(row)!r} has label {mined} '
                f'({names[mined]!r}) there, but label {label} ({names[label]!r}) in the '
                'annotation file. Mine again for this list.'
            )
        return self.file.negatives[row], self.file.scores[row]

    def _mined_for_class(self, path: str, label: int) -> tuple[np.ndarray, np.ndarray]:
        of_class = self._of_class
        if not of_class.num_videos[label]:
            raise MGDMError(
                f'{self.file.path}: holds neither {path!r} nor any other video of label {label} '
                f'({self.corpus.classes[label]!r}), so that class has no negatives. Mine again '
                'for this list.'
            )
        return of_class.negatives[label], of_class.scores[label]

    def _label(self, results: dict) -> int:
        label = np.asarray(results['label'])
        if label.size != 1:
            raise MGDMError(
                f'{video_path(results)!r}: has {label.size} label values; mined negatives need one '
                'label a video (set multi_class=False, or k=0 with ClassTextLoss alone).'
            )
        label = int(label.item())
        if self.corpus and label not in range(len(self.corpus.classes)):
            last = len(self.corpus.classes) - 1
            raise MGDMError(
                f'{video_path(results)!r}: label {label}, but there are {last + 1} classes '
                f'(0 to {last}). Correct the annotation file or the list of classes.'
            )
        return label

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(negatives_file={self.negatives_file!r}, k={self.k}, '
            f'start={self.choice.start}, pool={self.choice.pool}, '
            f'temperature={self.choice.temperature}, missing={self.missing!r})'
        )


def _read_once(path: str) -> NegativesFile:
    """Read a file once a process and state of the file."""
    stat = Path(path).stat() if Path(path).is_file() else None
    return _read_cached(str(path), stat and (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=2)
def _read_cached(path: str, state: tuple | None) -> NegativesFile:
    return read_negatives(path)
