"""Time two ways to do the same, in turns."""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch

__all__ = ['Comparison', 'compare', 'wait']


class Comparison(NamedTuple):
    """Times of two functions that ran in pairs.

    Args:
        ours (float): Median seconds of the first.
        other (float): Median seconds of the second.
        ratio (float): Median over the pairs of the second's time divided by the first's.
        low (float): Smallest of these ratios.
        high (float): Largest of them.
    """

    ours: float
    other: float
    ratio: float
    low: float
    high: float


def compare(
    ours: Callable[[], object], other: Callable[[], object], repeats: int, device: str = 'cpu'
) -> Comparison:
    """Run two functions in turns, so that a busy moment of the machine meets both.

    Each runs once before, unmeasured; then the one that ran second goes first in the next pair.

    Args:
        ours (Callable): First function, without arguments.
        other (Callable): Second function.
        repeats (int): Number of pairs.
        device (str, optional): Device that they run on. Defaults to 'cpu'.

    Returns:
        Comparison: Medians.
    """
    functions = (ours, other)
    times: tuple[list[float], list[float]] = ([], [])
    for function in functions:
        _time(function, device)
    for repeat in range(repeats):
        for index in (0, 1) if repeat % 2 == 0 else (1, 0):
            times[index].append(_time(functions[index], device))
    ratios = [b / a for a, b in zip(*times, strict=True)]
    return Comparison(
        statistics.median(times[0]),
        statistics.median(times[1]),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
    )


def _time(function: Callable[[], object], device: str) -> float:
    wait(device)
    start = time.perf_counter()
    function()
    wait(device)
    return time.perf_counter() - start


def wait(device: str) -> None:
    """Wait for a GPU, where work goes on after the call that asked for it.

    Args:
        device (str): Device; on a CPU there is nothing to wait for.
    """
    if device.startswith('cuda'):
        torch.cuda.synchronize(device)
