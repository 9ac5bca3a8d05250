"""Time and peak memory of functions, and the machine that they were measured on."""

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

import torch

__all__ = ['Comparison', 'compare', 'describe_machine', 'mib', 'peak_memory', 'run_alone', 'wait']


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

    def __str__(self) -> str:
        """Ratio and range, as every line prints them."""
        return f'{self.ratio:.2f} x the time ({self.low:.2f}-{self.high:.2f})'


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
    functions, times = (ours, other), ([], [])
    for function in functions:
        _time(function, device)
    for repeat in range(repeats):
        for index in (0, 1) if repeat % 2 == 0 else (1, 0):
            times[index].append(_time(functions[index], device))
    ratios = [b / a for a, b in zip(*times, strict=True)]
    medians = map(statistics.median, (*times, ratios))
    return Comparison(*medians, min(ratios), max(ratios))


def _time(function: Callable[[], object], device: str) -> float:
    wait(device)
    start = time.perf_counter()
    function()
    wait(device)
    return time.perf_counter() - start


def wait(device: str) -> None:
    """Wait for a GPU, where work continues after the call that asked for it."""
    if device.startswith('cuda'):
        torch.cuda.synchronize(device)


def run_alone(function: Callable, *args: object) -> object:
    """Call a function of module level in a new process, which holds nothing else."""
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(function, *args).result()


def peak_memory(prepare: Callable[..., Callable], args: tuple, device: str = 'cpu') -> int | None:
    """Measure by how much one call raises the memory in use, at its highest.

    On a CPU a new process prepares the call and makes it, and Linux reports the high-water mark of
    resident memory, reset just before the call. On CUDA PyTorch's allocator reports it.

    Args:
        prepare (Callable): Returns the function to measure. Of module level, for the new process.
        args (tuple): Arguments of ``prepare``.
        device (str, optional): Device that the function runs on. Defaults to 'cpu'.

    Returns:
        int | None: Bytes. None on other systems than Linux, or where memory did not suffice.
    """
    if device.startswith('cuda'):
        return _peak_on_cuda(prepare(*args), device)
    # glibc keeps freed blocks below a threshold that grows. Fixed and small, every tensor is given
    # back when it is freed, so that what is resident is what is in use.
    os.environ.setdefault('MALLOC_MMAP_THRESHOLD_', '65536')
    try:
        return run_alone(_peak_of_process, prepare, args)
    except BrokenProcessPool:  # killed for memory
        return None


def _peak_on_cuda(function: Callable, device: str) -> int | None:
    torch.cuda.reset_peak_memory_stats(device)
    start = torch.cuda.memory_allocated(device)
    try:
        function()
    except torch.cuda.OutOfMemoryError:
        return None
    return torch.cuda.max_memory_allocated(device) - start


def _peak_of_process(prepare: Callable[..., Callable], args: tuple) -> int | None:
    function = prepare(*args)
    try:
        Path('/proc/self/clear_refs').write_text('5')  # resets the high-water mark
        start = _resident('VmRSS')
        function()
        return max(0, _resident('VmHWM') - start)
    except OSError:
        return None


def _resident(key: str) -> int:
    lines = Path('/proc/self/status').read_text().splitlines()
    return int(dict(line.split(':', 1) for line in lines)[key].split()[0]) << 10


def mib(size: float | None) -> str:
    """Write bytes as mebibytes; None as unknown."""
    return 'not known' if size is None else f'{size / 2**20:.1f} MiB'


def describe_machine(device: str) -> str:
    """Describe processor, threads and versions in a line.

    Args:
        device (str): Device of the measurement, such as 'cpu' or 'cuda'.
    """
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    parts = [
        f'{names[0] if names else platform.machine()}, {os.cpu_count()} cores',
        f'torch {torch.__version__} with {torch.get_num_threads()} threads',
        f'Python {platform.python_version()}',
    ]
    if device.startswith('cuda'):
        parts.insert(0, torch.cuda.get_device_name(device))
    return '; '.join(parts)
