"""The one folder that the page reads and serves, and when its files are deleted."""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

__all__ = ['UploadFolder']

# Seconds that a file lives which no page shows.
_KEEP = 3600


class UploadFolder:
    """A new temporary folder for uploads, readable by its owner alone.

    A clip stays while the page that uploaded it shows it, because its labels can be changed. It is
    deleted when another one takes its place, when the page is closed, and with the whole folder at
    the end. Gradio names a file after its content, so two pages can share one: it goes with the
    last of them. What was uploaded and never shown, or only in part, is deleted after an hour.
    (Gradio's own ``delete_cache`` knows neither pages nor uploads that broke off.)
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix='mgdm_app_')).resolve()
        # Gradio reads it when a page is built, and with every file of an event.
        os.environ['GRADIO_TEMP_DIR'] = str(self.path)
        self._owners: dict[str, Path] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> 'UploadFolder':
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.environ.pop('GRADIO_TEMP_DIR', None)

    def holds(self, path: object) -> bool:
        """Return whether this is the path of a file in the folder, links followed."""
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, RuntimeError, TypeError, ValueError):  # a ring of links, a NUL, ...
            return False
        return real.is_relative_to(self.path) and real.is_file()

    def claim(self, session: str, path: str) -> None:
        """Keep a clip for a page, and let go of the one that it had."""
        with self._lock:
            old, self._owners[session] = self._owners.get(session), Path(path)
            self._drop(old)

    def release(self, session: str) -> None:
        """Let go of the clip of a page."""
        with self._lock:
            self._drop(self._owners.pop(session, None))

    def num_bytes(self) -> int:
        """Return how much the folder holds, after what is too old was deleted."""
        total = 0
        for path in [path for path in self.path.rglob('*') if path.is_file()]:
            with contextlib.suppress(OSError), self._lock:  # deleted meanwhile
                if time.time() - path.stat().st_mtime > _KEEP:
                    self._drop(path)
                total += path.stat().st_size
        return total

    def _drop(self, path: Path | None) -> None:
        if path is None or path in self._owners.values():
            return
        with contextlib.suppress(OSError):
            path.unlink()
            if path.parent != self.path:
                path.parent.rmdir()
