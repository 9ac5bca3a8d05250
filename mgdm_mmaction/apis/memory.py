"""Give memory that was freed back to the system."""

import ctypes
import sys
from collections.abc import Callable

__all__ = ['release_memory']


def _find() -> Callable | None:
    if not sys.platform.startswith('linux'):
        return None
    try:
        return ctypes.CDLL('libc.so.6').malloc_trim
    except (AttributeError, OSError):  # another C library
        return None


_trim = _find()


def release_memory() -> None:
    """Give freed memory back to the system, where the C library is glibc; else do nothing.

    glibc keeps what was freed, apart for every thread. decord's threads allocate the frames and
    ours free them between the model's allocations: over hundreds of windows that is a gigabyte
    that nobody uses.
    """
    if _trim is not None:
        _trim(0)
