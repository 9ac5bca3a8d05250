"""Writing a negatives file line by line, so that it appears whole or not at all."""

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from ..errors import MGDMError, check_output, explain_disk
from .format import NegativesHeader

__all__ = ['NegativesWriter']


class NegativesWriter:
    """Stream videos into ``<path>.part`` and move it to ``path`` when all went well.

    Args:
        path (str | Path): The file to write; its folder is made.
        header (NegativesHeader): First line.
        overwrite (bool, optional): Replace a file that exists. Defaults to False.
        part (str | Path, optional): Another place for the unfinished file, on the same file system.
            Defaults to None: ``<path>.part``.

    Raises:
        MGDMError: If the file exists and ``overwrite`` is false, or it cannot be written (also
            by the methods).

    Example:
        >>> with NegativesWriter('negatives.jsonl', header) as writer:  # doctest: +SKIP
        ...     writer.write('train/run/0001.mp4', 3, [17, 4], [0.281, 0.279])
    """

    def __init__(
        self,
        path: str | Path,
        header: NegativesHeader,
        overwrite: bool = False,
        part: str | Path | None = None,
    ) -> None:
        self.path = check_output(path, overwrite)
        self.header = header
        self._part = Path(part or self.path.with_name(self.path.name + '.part'))
        with explain_disk(self.path):
            self._file = self._part.open('w', encoding='utf-8', errors='surrogateescape')
        self._write(header.to_json())

    def write(
        self, path: str, label: int, negatives: Sequence[int], scores: Sequence[float]
    ) -> None:
        """Add one video.

        Args:
            path (str): Path as the annotation file writes it.
            label (int): Label of the video.
            negatives (Sequence[int]): k corpus ids, hardest first.
            scores (Sequence[float]): Their k scores, falling.
        """
        row = {
            'path': path,
            'label': int(label),
            'negatives': [int(i) for i in negatives],
            'scores': [round(float(score), 6) for score in scores],
        }
        assert len(row['negatives']) == len(row['scores']) == self.header.k
        self._write(json.dumps(row, ensure_ascii=False))

    def _write(self, line: str) -> None:
        with explain_disk(self.path):
            self._file.write(line + '\n')

    def close(self) -> None:
        """Finish the file and put it in its place."""
        try:
            with explain_disk(self.path):
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                os.replace(self._part, self.path)
        except MGDMError:
            self.discard()
            raise

    def discard(self) -> None:
        """Throw away what was written; a file that was there before stays."""
        with contextlib.suppress(OSError):  # a full disk: what is buffered is not wanted
            self._file.close()
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> 'NegativesWriter':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.discard()
