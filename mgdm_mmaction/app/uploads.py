"""The one folder that the page reads and serves, and when its files go away."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ['UploadFolder']

# Seconds that a file lives which no page shows.
_KEEP = 3600


class UploadFolder:
    """A new temporary folder for uploads, readable by its owner alone.

    A clip stays while the page that dropped it shows it, because its labels can be changed. It is
    deleted when another one takes its place, when the page is closed, and with the whole folder at
    the end. Gradio names a file after its content, so two pages can share one: it goes with the
    last of them. What was sent and never shown, or only in part, goes when it is an hour old.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix='mgdm_app_')).resolve()
        self._owners: dict[str, Path] = {}
        self._lock = threading.Lock()

    def holds(self, path: str | os.PathLike) -> bool:
        """Return whether a path leads into the folder, links followed, to a file."""
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):  # no such file, a ring of links, a NUL
            return False
        return real.is_relative_to(self.path) and real.is_file()

    def claim(self, session: str, path: str | os.PathLike) -> None:
        """Keep a clip for a page, and let go of the one that it had.

        Args:
            session (str): The page.
            path (str | PathLike): A file of the folder.
        """
        path = Path(path)
        with self._lock:
            old, self._owners[session] = self._owners.get(session), path
            if old != path:
                self._drop(old)
            self._sweep()

    def release(self, session: str) -> None:
        """Let go of the clip of a page."""
        with self._lock:
            self._drop(self._owners.pop(session, None))

    def num_bytes(self) -> int:
        """Return how much the folder holds."""
        return sum(size for _, size, _ in self._files())

    def close(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _drop(self, path: Path | None) -> None:
        if path is None or path in self._owners.values():
            return
        with contextlib.suppress(OSError):
            path.unlink()
            if path.parent != self.path:
                path.parent.rmdir()

    def _sweep(self) -> None:
        for path, _, changed in self._files():
            if time.time() - changed > _KEEP:
                self._drop(path)

    def _files(self) -> Iterator[tuple[Path, int, float]]:
        """Yield path, bytes and time of the last change of every file."""
        for folder, _, names in os.walk(self.path):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(OSError):  # deleted meanwhile
                    facts = path.lstat()
                    yield path, facts.st_size, facts.st_mtime
