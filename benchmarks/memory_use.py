"""The peak memory of a function, beyond what was there before it."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import torch

__all__ = ['peak_memory']

# glibc keeps freed blocks below a threshold that grows as it goes. Fixed and small, every tensor
# is given back when it is freed, so that what is resident is what is in use.
_MMAP_THRESHOLD = ('MALLOC_MMAP_THRESHOLD_', '65536')


def peak_memory(prepare: Callable[..., Callable], args: tuple, device: str = 'cpu') -> int | None:
    """Measure by how much one call raises the memory in use, at its highest.

    On a CPU a new process prepares the call and makes it; the kernel's own high-water mark of
    resident memory, reset just before the call, tells. On CUDA PyTorch's allocator tells.

    Args:
        prepare (Callable): Returns the function to measure. Of module level, for the new process.
        args (tuple): Arguments of ``prepare``.
        device (str, optional): Device that the function runs on. Defaults to 'cpu'.

    Returns:
        int | None: Bytes. None where the system does not tell (only Linux does), or where there was
        not enough memory.
    """
    if device.startswith('cuda'):
        return _peak_on_cuda(prepare(*args), device)
    name, value = _MMAP_THRESHOLD
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        context = multiprocessing.get_context('spawn')
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
            return pool.submit(_peak_of_process, prepare, args).result()
    except BrokenProcessPool:  # killed for memory
        return None
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


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
    except (OSError, KeyError):
        return None


def _resident(key: str) -> int:
    lines = Path('/proc/self/status').read_text().splitlines()
    fields = dict(line.split(':', 1) for line in lines)
    return int(fields[key].split()[0]) * 1024
