"""Counting unreadable videos over all worker processes of a data loader."""

import json
import math
import os
import tempfile
import uuid
import weakref
from pathlib import Path

import torch
from torch.utils.data import get_worker_info

from ...errors import MGDMError

__all__ = ['UnreadableLog', 'list_unreadable']

_SLOTS = 1024


class UnreadableLog:
    """How many clips were tried, and which videos could not be read.

    Made in the main process and carried to the workers by fork or pickle. Every worker counts its
    tries in a slot of its own in shared memory, and adds a bad video as one line to a file in the
    temporary folder, so that nothing needs a lock. The main process removes the file at its end.

    Args:
        max_fraction (float): Fraction of bad videos that is tolerated.
    """

    # A run of failures this long in one process is no chance at any tolerable fraction.
    MAX_IN_A_ROW = 50

    def __init__(self, max_fraction: float) -> None:
        self.max_fraction = max_fraction
        self._tried = torch.zeros(_SLOTS, dtype=torch.int64).share_memory_()
        self._path = Path(tempfile.gettempdir()) / f'mgdm-unreadable-{uuid.uuid4().hex}.jsonl'
        self._in_a_row = 0
        weakref.finalize(self, _remove, self._path, os.getpid())

    def add_try(self) -> None:
        """Count one clip that is about to be read."""
        info = get_worker_info()
        # Slot 0 is the main process; beyond the last slot a count may be lost, which harms little.
        self._tried[0 if info is None else 1 + info.id % (_SLOTS - 1)] += 1

    def add_good(self) -> None:
        """Note that a clip was read."""
        self._in_a_row = 0

    def add_bad(self, path: str, reason: str) -> bool:
        """Record a bad video.

        Args:
            path (str): The video.
            reason (str): Why it cannot be read.

        Returns:
            bool: Whether it is new; an epoch meets the same bad video again and again.

        Raises:
            MGDMError: If more videos are bad than :meth:`allowed`.
        """
        self._in_a_row += 1
        bad = self.videos()
        new = path not in bad
        if new:
            bad[path] = reason
            line = json.dumps([path, reason]) + '\n'
            # One small write in append mode is not torn apart by other processes.
            with open(self._path, 'ab', buffering=0) as file:
                file.write(line.encode())
        if (new and len(bad) > self.allowed()) or self._in_a_row >= self.MAX_IN_A_ROW:
            raise MGDMError(
                f'{len(bad)} unreadable videos among {self.tried()} clips tried; '
                f'max_fraction={self.max_fraction:g} is tolerated. Check `data_prefix` of the data '
                'set and the files (tools/data/check_videos.py finds all broken ones and writes '
                'a list without them), or raise max_fraction of '
                f'SkipUnreadable:\n{list_unreadable(bad)}'
            )
        return new

    def allowed(self) -> float:
        """Return the number of bad videos that the clips tried so far may hold.

        The fraction itself plus four standard deviations: with few clips tried a tolerable set can
        look bad by chance. A set in which every video is bad is found out after a handful.
        """
        expected = self.max_fraction * self.tried()
        return expected + 4 * math.sqrt(expected) + 4 if self.max_fraction else 0

    def tried(self) -> int:
        """Return the number of clips tried in all processes."""
        return int(self._tried.sum())

    def videos(self) -> dict[str, str]:
        """Return the bad videos of all processes with their reasons."""
        if not self._path.exists():
            return {}
        lines = self._path.read_text('utf-8').splitlines()
        return dict(json.loads(line) for line in lines if line)


def list_unreadable(videos: dict[str, str], limit: int = 20) -> str:
    """Return bad videos with their reasons, one a line.

    Args:
        videos (dict[str, str]): Path -> reason.
        limit (int, optional): How many at most. Defaults to 20.
    """
    lines = [f'  {path}: {reason}' for path, reason in list(videos.items())[:limit]]
    if len(videos) > limit:
        lines.append(f'  ... and {len(videos) - limit} more')
    return '\n'.join(lines)


def _remove(path: Path, pid: int) -> None:
    # A forked worker inherits the finalizer; the file belongs to the main process.
    if os.getpid() == pid:
        path.unlink(missing_ok=True)
