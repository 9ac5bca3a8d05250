"""Where the windows over a long video lie, and which frames are shown in one."""

import math

import numpy as np

from ..errors import MGDMError

__all__ = ['check_window', 'frames_between', 'window_starts']

# Times closer than this are the same: decord gives them in float32, 0.2 ms apart after an hour.
_SAME = 1e-3
# More than anybody waits for.
_MOST = 1_000_000


def check_window(window: float | None, stride: float | None) -> float | None:
    """Check the length of windows and the distance between their starts.

    Args:
        window (float | None): Seconds; None for one window over the whole video.
        stride (float | None): Seconds; None for windows that touch and do not overlap.

    Returns:
        float | None: The stride, None without windows.

    Raises:
        MGDMError: If one is not a positive number, or there is a stride without a window.
    """
    for name, value in (('window', window), ('stride', stride)):
        if value is None:
            continue
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or value <= 0:
            raise MGDMError(f'{name}={value!r}: expected a number of seconds above 0')
    if window is None and stride is not None:
        raise MGDMError(f'stride={stride!r} needs a window: give its length in seconds, too')
    return stride or window


def window_starts(duration: float, window: float, stride: float) -> list[float]:
    """Place windows of equal length over a video, the last one against its end.

    Args:
        duration (float): Length of the video in seconds.
        window (float): Length of a window. A longer one than the video is cut to it.
        stride (float): From one start to the next.

    Returns:
        list[float]: Starts in seconds, at least one.

    Raises:
        MGDMError: If there would be more than a million.

    Example:
        >>> window_starts(10, window=4, stride=4)
        [0, 4, 6]
    """
    last = duration - window
    if last <= _SAME:
        return [0]
    if last / stride > _MOST:
        raise MGDMError(
            f'window={window:g}, stride={stride:g}: more than a million windows in a video of '
            f'{duration:g} s; expected seconds, such as 2'
        )
    count = math.floor((last + _SAME) / stride) + 1
    starts = [i * stride for i in range(count)]
    if last - starts[-1] > _SAME:
        starts.append(last)
    return starts


def frames_between(times: np.ndarray, start: float, end: float) -> tuple[int, int]:
    """Find the frames that are shown during a window, by their time stamps.

    The frame that is still on the screen when the window starts belongs to it, so that there is
    always one, however long frames last.

    Args:
        times (np.ndarray): When each frame appears, in seconds, rising, shape [frames].
        start (float): Start of the window in seconds.
        end (float): End of the window in seconds.

    Returns:
        tuple[int, int]: The first frame, and the one after the last.
    """
    first = max(int(np.searchsorted(times, start + _SAME, side='right')) - 1, 0)
    stop = int(np.searchsorted(times, end - _SAME, side='left'))
    return first, max(stop, first + 1)
