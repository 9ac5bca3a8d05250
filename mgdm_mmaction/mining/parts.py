"""What a mining run has finished so far, kept on disk so that nothing is mined twice."""

import contextlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from ..errors import MGDMError, explain_disk

__all__ = ['FinishedBlock', 'Parts', 'RunIsOver', 'is_unfinished']

# No merging takes that long. A lock that a dead machine holds stops nobody for ever.
_LOCK_SECONDS = 600


class FinishedBlock(NamedTuple):
    """Where the result of a block lies: part file, first byte of its line, unreadable videos."""

    file: Path
    offset: int
    unreadable: int


class RunIsOver(Exception):
    """Another process has finished the run and removed the folder."""


class Parts:
    """A folder ``<out>.parts`` with a file for every process that ever worked on a run.

    The first line of a file holds the settings of the run, every other one a finished block, each
    behind its checksum. No file is written to by a second process: what a killed process left
    half-written ends its own file. Any number of processes, on any number of machines that share
    the folder, may add to it at the same time without a lock.

    Args:
        out (str | Path): The file that the run will write in the end.
        settings (Mapping): All that the result depends on, JSON-able, one level of keys.

    Attributes:
        half_written (int): Blocks that :meth:`finished` could not read.
    """

    def __init__(self, out: str | Path, settings: Mapping) -> None:
        self.folder, self._old = _folder_of(out), _folder_of(out, '.old')
        self.settings = settings
        self.half_written = 0
        self._lock = _folder_of(out, '.lock')
        self._file = None
        self._is_empty = True

    def open(self, process: int) -> None:
        """Start a run, or join the one whose folder is there.

        Args:
            process (int): Number of this process, for the name of its file.

        Raises:
            RunIsOver: If the folder went in this moment.
            MGDMError: If it cannot be written.
        """
        self._path = self.folder / f'{process}-{os.getpid()}-{time.time_ns():x}.jsonl'
        with explain_disk(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._file = self._path.open('xb', buffering=0)
            except FileNotFoundError:
                raise RunIsOver from None
        try:
            self._write(self.settings)
        except MGDMError:
            self.close()
            raise

    def is_open(self) -> bool:
        """Tell whether the folder with the file of this process is still there."""
        return self._path.exists()

    def add(self, block: int, content: Mapping) -> None:
        """Record a finished block.

        Args:
            block (int): Number of the block.
            content (Mapping): Its result, JSON-able, with the list ``unreadable``.

        Raises:
            RunIsOver: If there is no such run any more.
            MGDMError: If it cannot be written, as on a full disk.
        """
        if not self.is_open():
            raise RunIsOver
        self._write({'block': block, **content})
        self._is_empty = False

    def _write(self, content: Mapping) -> None:
        data = json.dumps(content, ensure_ascii=False).encode('utf-8', 'surrogateescape')
        line = memoryview(b'%08x %s\n' % (zlib.crc32(data), data))
        with explain_disk(self.folder):
            while line:
                line = line[self._file.write(line) :]

    def finished(self) -> dict[int, FinishedBlock]:
        """Read which blocks are done; of a block that was done twice, the one that read more.

        Returns:
            dict[int, FinishedBlock]: Number of the block -> where its result lies.

        Raises:
            RunIsOver: If there is no such run any more.
            MGDMError: If there are blocks of a run with other settings.
        """
        found: dict[int, FinishedBlock] = {}
        self.half_written = 0
        for file in sorted(self.folder.glob('*.jsonl')):
            lines = self._read(file)
            settings = next(lines, (0, None))[1]
            for offset, content in lines if settings is not None else ():
                if content is None:
                    self.half_written += 1
                elif settings != self.settings:
                    raise self._mixed(settings)
                else:
                    block = FinishedBlock(file, offset, len(content['unreadable']))
                    best = found.get(content['block'])
                    if best is None or block.unreadable < best.unreadable:
                        found[content['block']] = block
        # The folder goes at once, this file with it: what was read is all there is.
        if not self.is_open():
            raise RunIsOver
        return found

    @staticmethod
    def _read(file: Path) -> Iterator[tuple[int, dict | None]]:
        offset = 0
        with contextlib.suppress(FileNotFoundError), file.open('rb') as lines:
            for line in lines:
                yield offset, _parse(line)
                offset += len(line)

    def _mixed(self, found: dict) -> MGDMError:
        changes = [
            f'{key}: {_short(found.get(key))} then, {_short(self.settings.get(key))} now'
            for key in sorted(found.keys() | self.settings.keys())
            if found.get(key) != self.settings.get(key)
        ]
        return MGDMError(
            f'{self.folder} holds an unfinished run with other settings, which cannot be mixed '
            'with this one:\n  ' + '\n  '.join(changes) + '\nGo back to those settings to '
            'finish it, delete the folder to start over, or write to another --out.'
        )

    def results(self, blocks: Mapping[int, FinishedBlock]) -> Iterator[dict]:
        """Yield the results of blocks in the order of their numbers, one in memory at a time."""
        for number in sorted(blocks):
            with blocks[number].file.open('rb') as file:
                file.seek(blocks[number].offset)
                yield _parse(file.readline())

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process after the other in.

        It saves work and is no safeguard, so that a file system without locks is none either:
        merging twice gives the same bytes.
        """
        lock = FileLock(self._lock)
        with contextlib.suppress(Timeout, OSError, NotImplementedError):
            lock.acquire(timeout=_LOCK_SECONDS)
        try:
            yield
        finally:
            # While it is held, so that none is left behind by whoever came last.
            self._unlink_lock()
            lock.release()

    def _unlink_lock(self) -> None:
        with contextlib.suppress(OSError):
            self._lock.unlink()

    def remove(self) -> None:
        """Delete the folder: the run is finished."""
        self._unlink_lock()
        shutil.rmtree(self._old, ignore_errors=True)
        # First away with all of it at once: half a folder would look like a run to resume.
        with contextlib.suppress(OSError):
            os.rename(self.folder, self._old)
        self.remove_remains()

    def remove_remains(self) -> bool:
        """Delete what a run left that was killed while it deleted its folder.

        Returns:
            bool: Whether there was anything.
        """
        found = self._old.exists() or self._lock.exists()
        if found:
            shutil.rmtree(self._old, ignore_errors=True)
            self._unlink_lock()
        return found

    def others(self) -> list[Path]:
        """Return the files that other processes began."""
        return [file for file in self.folder.glob('*.jsonl') if file != self._path]

    def close(self) -> None:
        """Close the file of this process, everything on disk; one without a block goes."""
        with contextlib.suppress(OSError):
            os.fsync(self._file.fileno())
        self._file.close()
        if self._is_empty:
            self._path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # others have files there, or it is gone
                self.folder.rmdir()


def is_unfinished(out: str | Path) -> bool:
    """Tell whether a run that writes a file was started and not finished, or not cleaned up.

    Args:
        out (str | Path): The negatives file.
    """
    return any(_folder_of(out, more).exists() for more in ('', '.old', '.lock'))


def _folder_of(out: str | Path, more: str = '') -> Path:
    out = Path(out)
    return out.with_name(f'{out.name}.parts{more}')


def _parse(line: bytes) -> dict | None:
    """Return the content of a line, None if its writer was stopped in the middle of it."""
    data = line[9:-1]
    if line[-1:] != b'\n' or line[:8] != b'%08x' % zlib.crc32(data):
        return None
    return json.loads(data.decode('utf-8', 'surrogateescape'))


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f'{text[:60]} ... ({len(text)} characters)'
