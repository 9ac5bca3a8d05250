"""Progress with rate and time left: one line that moves, or plain lines in a log."""

import collections
import contextlib
import datetime
import sys
import time
from typing import TextIO

__all__ = ['Progress']


class Progress:
    """Show how far a long job is.

    Args:
        total (int): Steps in all.
        unit (str, optional): What a step is. Defaults to 'videos'.
        stream (TextIO, optional): Where to write. Defaults to None: the error stream.
        every (float, optional): Seconds between lines where the stream is no terminal. Defaults to
            30.
        already (int, optional): Steps that were done before: they count as done and say nothing of
            the rate. Defaults to 0.
    """

    def __init__(
        self,
        total: int,
        unit: str = 'videos',
        stream: TextIO | None = None,
        every: float = 30.0,
        already: int = 0,
    ) -> None:
        self.total = total
        self.unit = unit
        self.stream = sys.stderr if stream is None else stream
        self._tty = self.stream.isatty()
        self._every = 0.2 if self._tty else every
        self._start = self._last = time.monotonic()
        self._already = self._done = already
        # The last minutes tell the time left better than the slow first seconds.
        self._recent = collections.deque([(self._start, already)], maxlen=100)

    def note(self, text: str) -> None:
        """Write a line of its own, if there is anything to say."""
        if text:
            self._write(text + '\n')

    def advance(self, steps: int) -> None:
        """Count steps, and show them when it is time to."""
        self._done += steps
        now = time.monotonic()
        if self._done >= self.total or now - self._last >= self._every:
            self._last = now
            self._recent.append((now, self._done))
            if now - self._recent[0][0] > 120 and len(self._recent) > 2:
                self._recent.popleft()
            line = self.line(now - self._start)
            end = '\n' if not self._tty or self._done >= self.total else ''
            self._write(('\r' + line.ljust(79) if self._tty else line) + end)

    def _write(self, text: str) -> None:
        # Whoever watched may have gone: a closed pipe is no reason to stop.
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(text)
            self.stream.flush()

    def line(self, seconds: float) -> str:
        """Return the line after so many seconds."""
        rate = (self._done - self._already) / max(seconds, 1e-9)
        share = 100 * self._done / max(self.total, 1)
        since, done = self._recent[0]
        recent = (self._done - done) / max(self._start + seconds - since, 1e-9)
        left = (self.total - self._done) / max(recent, 1e-9)
        text = f'{self._done}/{self.total} {self.unit} ({share:.0f} %), {rate:.1f} a second, '
        if self._done >= self.total:
            return text + f'took {_clock(seconds)}'
        return text + f'{_clock(left)} left'


def _clock(seconds: float) -> str:
    return str(datetime.timedelta(seconds=round(min(seconds, 1e8))))
