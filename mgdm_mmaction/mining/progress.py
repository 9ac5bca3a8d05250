"""Progress with rate and time left: a bar in a terminal, plain lines in a log."""

import contextlib
import datetime
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

__all__ = ['Progress']


class Progress:
    """Show how far a long job is, on the error stream.

    Args:
        total (int): Steps in all.
        unit (str, optional): What a step is. Defaults to 'videos'.
        already (int, optional): Steps that were done before: they count as done, and not for the
            rate. Defaults to 0.
        every (float, optional): Seconds between lines where the stream is no terminal. Defaults to
            30.

    Example:
        >>> with Progress(100) as progress:  # doctest: +SKIP
        ...     progress.advance(25)
    """

    def __init__(
        self, total: int, unit: str = 'videos', already: int = 0, every: float = 30.0
    ) -> None:
        self.total, self.unit = total, unit
        self._already = self._done = already
        self._every = every
        self._start = self._last = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            columns = (BarColumn(), MofNCompleteColumn(), TextColumn(unit), TimeRemainingColumn())
            # Over two minutes: the first seconds are slow.
            self._bar = Bar(*columns, console=Console(stderr=True), speed_estimate_period=120)
            self._task = self._bar.add_task('', total=total, completed=already)
            self._bar.start()

    def __enter__(self) -> 'Progress':
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            with contextlib.suppress(OSError):
                self._bar.stop()

    def note(self, text: str) -> None:
        """Write a line of its own."""
        # Whoever watched may have gone: a closed pipe is no reason to stop.
        with contextlib.suppress(OSError, ValueError):
            if self._bar is not None:
                self._bar.console.print(text, markup=False, highlight=False)
            else:
                print(text, file=sys.stderr, flush=True)

    def advance(self, steps: int) -> None:
        """Count steps, and show them when it is time to."""
        self._done += steps
        if self._bar is not None:
            self._bar.advance(self._task, steps)
            if self._done >= self.total:
                self.close()
            return
        now = time.monotonic()
        if self._done >= self.total or now - self._last >= self._every:
            self._last = now
            self.note(self.line(now - self._start))

    def line(self, seconds: float) -> str:
        """Return the line after so many seconds."""
        rate = (self._done - self._already) / max(seconds, 1e-9)
        left = (self.total - self._done) / max(rate, 1e-9)
        end = f'{_clock(left)} left' if self._done < self.total else f'took {_clock(seconds)}'
        share = 100 * self._done / max(self.total, 1)
        return f'{self._done}/{self.total} {self.unit} ({share:.0f} %), {rate:.1f} a second, {end}'


def _clock(seconds: float) -> str:
    return str(datetime.timedelta(seconds=round(min(seconds, 1e8))))
