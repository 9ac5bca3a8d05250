"""What a mining run has finished so far, kept on disk so that nothing is ever mined twice."""

import contextlib
import hashlib
import json
import os
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import MGDMError

__all__ = ['FinishedBlock', 'Ledger', 'RunIsOver', 'is_unfinished']

_RUN = 'run.json'
_OPEN_FILES = 64


@dataclass(frozen=True)
class FinishedBlock:
    """Where the result of a block lies.

    Args:
        file (Path): Part file.
        offset (int): First byte of its line.
        unreadable (int): Videos of the block that could not be read.
    """

    file: Path
    offset: int
    unreadable: int


class RunIsOver(Exception):
    """Another process has finished the run and removed the folder."""


class Ledger:
    """A folder ``<out>.parts`` with one part file for every process that ever worked on a run.

    A part file holds one line a finished block, each behind its checksum, and is never written to
    by a second process: whatever a killed process left half-written ends its own file and is told
    from a finished block by the checksum. Any number of processes, on any number of machines that
    share the folder, may add to it at the same time without a lock.

    Args:
        out (str | Path): The file that the run will write in the end.
        identity (Mapping): All that the result depends on, JSON-able, one level of keys.
        process (int, optional): Number of this process, for the name of its file. Defaults to 0.

    Raises:
        MGDMError: If the folder belongs to a run with another identity.
    """

    def __init__(self, out: str | Path, identity: Mapping, process: int = 0) -> None:
        self.folder = _folder_of(out)
        self._identity = json.loads(json.dumps(identity))
        self._prefix = _prefix_of(self._identity)
        self._process = process
        self._file = None
        self.half_written = 0
        if self.exists():
            self._check_identity()

    def exists(self) -> bool:
        """Tell whether a run was started and not finished."""
        return (self.folder / _RUN).is_file()

    def open(self) -> BinaryIO:
        """Open the file that makes the folder a run, to lock it.

        Raises:
            RunIsOver: If there is no such run any more.
        """
        try:
            return (self.folder / _RUN).open('rb')
        except FileNotFoundError:
            raise RunIsOver from None

    def start(self) -> None:
        """Make the folder, or join the run whose folder it is.

        Raises:
            MGDMError: If the folder cannot be written.
        """
        with _disk_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            # A run that finished nothing gives way: most often its settings were a mistake.
            if self._read_run() != self._identity:
                # Several processes may come here at once, with the same content.
                temporary = self.folder / f'{_RUN}.{self._process}.{os.getpid()}'
                temporary.write_text(json.dumps(self._identity, ensure_ascii=False))
                os.replace(temporary, self.folder / _RUN)

    def _read_run(self) -> dict:
        try:
            return json.loads((self.folder / _RUN).read_text())
        except (ValueError, FileNotFoundError):
            return {}

    def _check_identity(self) -> None:
        found, wanted = self._read_run(), self._identity
        changes = [
            f'{key}: {_short(found.get(key))} then, {_short(wanted.get(key))} now'
            for key in sorted(found.keys() | wanted.keys())
            if found.get(key) != wanted.get(key)
        ]
        if changes and any(self.folder.glob(f'{_prefix_of(found)}-*')):
            raise MGDMError(
                f'{self.folder} holds an unfinished run with other settings, which cannot be mixed '
                'with this one:\n  ' + '\n  '.join(changes) + '\nGo back to those settings to '
                'finish it, delete the folder to start over, or write to another --out.'
            )

    def add(self, block: int, content: Mapping) -> None:
        """Record a finished block.

        Args:
            block (int): Number of the block.
            content (Mapping): Its result, JSON-able, with the list ``unreadable``.

        Raises:
            RunIsOver: If there is no such run any more.
            MGDMError: If it cannot be written, as on a full disk.
        """
        if not self.exists():
            raise RunIsOver
        body = json.dumps({'block': block, **content}, ensure_ascii=False)
        data = body.encode('utf-8', 'surrogateescape')
        line = b'%08x %s\n' % (zlib.crc32(data), data)
        with _disk_errors(self.folder):
            if self._file is None:
                name = f'{self._prefix}-{self._process}-{os.getpid()}-{time.time_ns():x}.jsonl'
                try:
                    self._file = (self.folder / name).open('xb', buffering=0)
                except FileNotFoundError:
                    raise RunIsOver from None
            view = memoryview(line)
            while view:
                view = view[self._file.write(view) :]

    def close(self) -> None:
        """Close the part file of this process, everything on disk."""
        if self._file is not None:
            with _disk_errors(self.folder):
                os.fsync(self._file.fileno())
            self._file.close()
            self._file = None

    def finished(self) -> dict[int, FinishedBlock]:
        """Read which blocks are done; of a block that was done twice, the one that read more.

        Returns:
            dict[int, FinishedBlock]: Number of the block -> where its result lies.

        Raises:
            RunIsOver: If there is no such run any more.
        """
        found: dict[int, FinishedBlock] = {}
        self.half_written = 0
        for file in sorted(self.folder.glob(f'{self._prefix}-*.jsonl')):
            for offset, content in self._read(file):
                block = FinishedBlock(file, offset, len(content['unreadable']))
                best = found.get(content['block'])
                if best is None or block.unreadable < best.unreadable:
                    found[content['block']] = block
        # The folder stops being a run before its files go: what was read is all there is.
        if not self.exists():
            raise RunIsOver
        return found

    def _read(self, file: Path) -> Iterator[tuple[int, dict]]:
        offset = 0
        with contextlib.suppress(FileNotFoundError), file.open('rb') as lines:
            for line in lines:
                content = _parse(line)
                if content is None:
                    self.half_written += 1
                else:
                    yield offset, content
                offset += len(line)

    def results(self, blocks: Mapping[int, FinishedBlock]) -> Iterator[dict]:
        """Yield the results of blocks in the order of their numbers, one in memory at a time.

        Args:
            blocks (Mapping[int, FinishedBlock]): From :meth:`finished`.

        Raises:
            RunIsOver: If there is no such run any more.
            MGDMError: If a file has changed since.
        """
        with contextlib.ExitStack() as stack:
            files: dict[Path, BinaryIO] = {}
            for number in sorted(blocks):
                block = blocks[number]
                if block.file not in files:
                    if len(files) == _OPEN_FILES:  # a run that was stopped very often
                        files.pop(next(iter(files))).close()
                    try:
                        files[block.file] = stack.enter_context(block.file.open('rb'))
                    except FileNotFoundError:
                        raise RunIsOver from None
                files[block.file].seek(block.offset)
                content = _parse(files[block.file].readline())
                if content is None:
                    raise MGDMError(f'{block.file}: was changed meanwhile; run the command again.')
                yield content

    def remove(self) -> None:
        """Delete the folder: the run is finished."""
        # First what makes it a run, so that a half-deleted folder is none.
        with contextlib.suppress(OSError):
            (self.folder / _RUN).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def is_unfinished(out: str | Path) -> bool:
    """Tell whether a run that writes a file was started and not finished.

    Args:
        out (str | Path): The negatives file.
    """
    return (_folder_of(out) / _RUN).is_file()


def _prefix_of(identity: Mapping) -> str:
    """Begin the names of a run's part files, so that remains of another are never taken for it."""
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return f'part-{digest[:12]}'


def _folder_of(out: str | Path) -> Path:
    out = Path(out)
    return out.with_name(out.name + '.parts')


def _parse(line: bytes) -> dict | None:
    """Return the content of a line, None if its writer was stopped in the middle of it."""
    data = line[9:-1]
    if line[-1:] != b'\n' or line[:8] != b'%08x' % zlib.crc32(data):
        return None
    return json.loads(data.decode('utf-8', 'surrogateescape'))


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MGDMError(
            f'{folder}: cannot be written ({error.strerror or error}). What was finished is kept '
            'there: make room, then run the same command again.'
        ) from error


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f'{text[:60]} ... ({len(text)} characters)'
