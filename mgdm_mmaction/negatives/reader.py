"""Reading a negatives file into flat arrays that forked worker processes share."""

import json
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..errors import MGDMError, require_file
from ..text.corpus import LabelCorpus
from ..text.prompts import describe_prompt
from .format import MINE_HINT, NegativesHeader, path_hash, path_key, unique_keys

# What a line of another form ends in.
_WRONG = (
    ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip

__all__ = ['NegativesFile', 'check_rows', 'read_header', 'read_negatives']


class NegativesFile:
    """The negatives of N videos, found by path.

    A handful of flat arrays and no Python object a video: worker processes that are forked read
    the same memory, because nothing in it is counted or changed.

    Args:
        path (str): Where the file lies, for messages.
        header (NegativesHeader): Its header.
        labels (np.ndarray): Labels, int32, shape [N].
        negatives (np.ndarray): Corpus ids, hardest first, int32, shape [N, k].
        scores (np.ndarray): Their scores, float32, shape [N, k].
        blob (np.ndarray): UTF-8 bytes of all paths, uint8.
        offsets (np.ndarray): Path i is ``blob[offsets[i]:offsets[i + 1]]``, int64, shape [N + 1].

    Attributes:
        corpus (LabelCorpus): The corpus of the ids.

    Raises:
        MGDMError: If a path is there twice.

    Example:
        >>> file = read_negatives('negatives.jsonl')  # doctest: +SKIP
        >>> file.negatives[file.lookup('data/videos/train/run/0001.mp4')]  # doctest: +SKIP
    """

    def __init__(
        self,
        path: str,
        header: NegativesHeader,
        labels: np.ndarray,
        negatives: np.ndarray,
        scores: np.ndarray,
        blob: np.ndarray,
        offsets: np.ndarray,
    ) -> None:
        self.path = path
        self.header = header
        self.corpus = header.corpus()
        self.labels = labels
        self.negatives = negatives
        self.scores = scores
        self._blob = blob
        self._offsets = offsets
        hashes = np.fromiter(
            (path_hash(path_key(self.path_of(row))) for row in range(len(labels))),
            dtype=np.int64,
            count=len(labels),
        )
        self._rows = np.argsort(hashes, kind='stable')
        self._hashes = hashes[self._rows]
        self._check_duplicates()

    @property
    def k(self) -> int:
        """Negatives of every video."""
        return self.header.k

    def __len__(self) -> int:
        return len(self.labels)

    def __str__(self) -> str:
        head = self.header
        # What ranked the labels, where the file names it: the frozen CLIP, texts alone, a test run.
        scorer = f', ranked by: {name}' if (name := head.settings.get('scorer')) else ''
        return (
            f'{self.path}: no mistakes found; {len(self)} videos, {self.k} negatives each, '
            f'{len(self.corpus)} labels, {len(self.corpus.classes)} of them classes\n'
            f'mined with {head.describe_tower()}, {describe_prompt(head.prompt)}{scorer}'
        )

    def path_of(self, row: int) -> str:
        """Return the path of a row as the annotation file writes it."""
        start, end = self._offsets[row], self._offsets[row + 1]
        return self._blob[start:end].tobytes().decode('utf-8', 'surrogateescape')

    def find(self, filename: str) -> int | None:
        """Return the row of a video, or None.

        Args:
            filename (str): Path of the video with or without a data prefix.

        Returns:
            int | None: The row whose path is the longest suffix, in whole folders, of ``filename``.
        """
        parts = path_key(filename).split('/')
        for i in range(len(parts)):
            key = '/'.join(parts[i:])
            value = path_hash(key)
            at = int(np.searchsorted(self._hashes, value))
            while at < len(self._hashes) and self._hashes[at] == value:
                row = int(self._rows[at])
                if path_key(self.path_of(row)) == key:
                    return row
                at += 1
        return None

    def lookup(self, filename: str) -> int:
        """Return the row of a video.

        Args:
            filename (str): Path of the video with or without a data prefix.

        Raises:
            MGDMError: If the file does not hold the video.
        """
        row = self.find(filename)
        if row is None:
            raise MGDMError(
                f'{self.path}: holds no video {filename!r} (it has {len(self)} videos, such as '
                f'{self.path_of(0)!r}). It was mined for another annotation file, or this video '
                'could not be read then. Mine again for this list, or take the video off the list.'
            )
        return row

    def check_corpus(self, wanted: LabelCorpus) -> None:
        """Refuse negatives whose ids or prompts are not those of the model.

        Args:
            wanted (LabelCorpus): The model's corpus.

        Raises:
            MGDMError: If it differs from the one that was mined for.
        """
        if difference := self.corpus.difference(wanted):
            raise MGDMError(
                f'{self.path}: mined for another corpus: {difference}. Ids would point to other '
                'texts. Use the same classes, extra labels and prompt, or mine again.'
            )

    def _check_duplicates(self) -> None:
        same = np.flatnonzero(self._hashes[1:] == self._hashes[:-1])
        for at in same:
            first, second = sorted((int(self._rows[at]), int(self._rows[at + 1])))
            if path_key(self.path_of(first)) == path_key(self.path_of(second)):
                raise MGDMError(
                    f'{self.path}:{second + 2}: {self.path_of(second)!r} is already in line '
                    f'{first + 2}; every video has one line. Delete one of them.'
                )

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.path!r}, {len(self)} videos, k={self.k})'


def read_header(path: str | Path) -> NegativesHeader:
    """Read the first line of a negatives file alone.

    Args:
        path (str | Path): The file.

    Returns:
        NegativesHeader: What it was mined with.

    Raises:
        MGDMError: If there is no such file, or it is no negatives file.
    """
    _require(path)
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        return NegativesHeader.from_json(file.readline(), str(path))


def read_negatives(path: str | Path) -> NegativesFile:
    """Read and check a negatives file.

    Args:
        path (str | Path): The file.

    Returns:
        NegativesFile: Its content.

    Raises:
        MGDMError: If there is no such file, or a line is not what it should be: the message names
            the line, what was found and what to do.
    """
    path = Path(path)
    _require(path)
    labels, negatives, scores = array('i'), array('i'), array('f')
    blob, offsets = bytearray(), array('q', [0])
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        line, number = file.readline(), 1
        if not line:
            raise MGDMError(f'{path}: the file is empty. {MINE_HINT}')
        header = NegativesHeader.from_json(line, str(path))
        for number, line in enumerate(file, 2):
            try:
                row = json.loads(line, object_pairs_hook=unique_keys)
                if not path_key(row['path']):
                    raise ValueError('the path is empty')
                label, ids, values = row['label'], row['negatives'], row['scores']
                if len(ids) != header.k or len(values) != header.k:
                    raise MGDMError(
                        f'{path}:{number}: {len(ids)} negatives with {len(values)} scores, but the '
                        f'header promises k={header.k} of each. {MINE_HINT}'
                    )
                blob += row['path'].encode('utf-8', 'surrogateescape')
                offsets.append(len(blob))
                labels.append(label)
                negatives.extend(ids)
                scores.extend(values)
            except MGDMError:
                raise
            except _WRONG as error:
                raise _bad_line(path, number, line, error) from None
    if not line.endswith('\n'):
        raise _cut_off(path, number)
    if not labels:
        raise MGDMError(f'{path}: holds no video, only the header. {MINE_HINT}')
    arrays = (
        np.frombuffer(labels, dtype=np.int32),
        np.frombuffer(negatives, dtype=np.int32).reshape(-1, header.k),
        np.frombuffer(scores, dtype=np.float32).reshape(-1, header.k),
    )
    check_rows(lambda row: f'{path}:{row + 2}', header, *arrays)
    return NegativesFile(
        str(path),
        header,
        *arrays,
        np.frombuffer(bytes(blob), dtype=np.uint8),
        np.frombuffer(offsets, dtype=np.int64),
    )


def check_rows(
    where: Callable[[int], str],
    header: NegativesHeader,
    labels: np.ndarray,
    negatives: np.ndarray,
    scores: np.ndarray,
    hint: str = MINE_HINT,
) -> None:
    """Check labels, negatives and scores of all rows against the header and each other.

    Args:
        where (Callable[[int], str]): Row -> where it is, for messages.
        header (NegativesHeader): The header.
        labels (np.ndarray): Shape [N].
        negatives (np.ndarray): Corpus ids, shape [N, k].
        scores (np.ndarray): Shape [N, k].
        hint (str, optional): What to do. Defaults to mining again.

    Raises:
        MGDMError: Naming the first row where a label or id is out of range, a negative is the
            video's own class or there twice, or a score is not finite or larger than the one
            before it.
    """
    num_classes, num_labels = len(header.classes), len(header.labels)

    def check(bad: np.ndarray, message: Callable[[int, np.ndarray], str]) -> None:
        rows = np.flatnonzero(bad.any(axis=tuple(range(1, bad.ndim))))
        if len(rows):
            row = int(rows[0])
            raise MGDMError(f'{where(row)}: {message(row, bad[row])} {hint}')

    check(
        (labels < 0) | (labels >= num_classes),
        lambda row, _: (
            f'label {labels[row]}, but the header has {num_classes} classes (0 to '
            f'{num_classes - 1}).'
        ),
    )
    check(
        (negatives < 0) | (negatives >= num_labels),
        lambda row, bad: (
            f'negative {negatives[row][bad][0]}, but the corpus has {num_labels} '
            f'labels (0 to {num_labels - 1}).'
        ),
    )
    own = np.asarray(header.class_ids)[labels]
    check(
        negatives == own[:, None],
        lambda row, _: (
            f'negative {own[row]} ({header.labels[own[row]]!r}) is the class of the video itself.'
        ),
    )
    ordered = np.sort(negatives, axis=1)
    check(
        ordered[:, 1:] == ordered[:, :-1],
        lambda row, bad: (
            f'negative {ordered[row][1:][bad][0]} '
            f'({header.labels[ordered[row][1:][bad][0]]!r}) is there twice.'
        ),
    )
    check(~np.isfinite(scores), lambda *_: 'a score is not a finite number.')
    check(
        scores[:, 1:] > scores[:, :-1],
        lambda *_: 'the scores rise; negatives should be sorted, hardest first.',
    )


def _require(path: str | Path) -> None:
    hint = f'Mine it first: python tools/mine_negatives.py CONFIG --out {path}'
    require_file(path, 'negatives file', hint)


def _cut_off(path: Path, number: int) -> MGDMError:
    return MGDMError(
        f'{path}:{number}: the last line has no end: the file was cut off while it was written or '
        f'copied. Copy it again. {MINE_HINT}'
    )


def _bad_line(path: Path, number: int, line: str, error: Exception) -> MGDMError:
    if not line.endswith('\n'):
        return _cut_off(path, number)
    shown = line.rstrip('\n')
    shown = shown if len(shown) <= 80 else shown[:77] + '...'
    return MGDMError(
        f'{path}:{number}: expected one video, {{"path": ..., "label": ..., "negatives": [...], '
        f'"scores": [...]}}, but found {shown!r} ({type(error).__name__}: {error}). Delete the '
        f'line if it is empty. {MINE_HINT}'
    )
