"""A batch that finds no room in shared memory is lost, and the data loader waits for it for ever.

A worker of ``torch.utils.data.DataLoader`` puts its batch on a queue of Python's
``multiprocessing``, whose thread moves the tensors to shared memory (``/dev/shm``) and sends the
rest. Where that fails, Python prints the traceback and drops the batch
(``Queue._on_queue_feeder_error``), unknown to the main process. Older releases of PyTorch
died of a bus error instead (pytorch/pytorch#5040). A container has 64 MB of shared memory unless
one asks for more: a few batches of video.

The error is sent in place of the batch, so that the main process raises it.
"""

import functools
import shutil
from collections.abc import Callable
from multiprocessing.queues import Queue
from types import ModuleType
from typing import Any

from torch._utils import ExceptionWrapper
from torch.utils.data import get_worker_info

from mgdm_mmaction.errors import MGDMError

__all__ = ['apply']

# PyTorch says so when it makes the file, sets its size, or asks the system for the pages.
_SIGNS = ('shared memory', '(shm)', 'unable to resize file')


def apply(module: ModuleType) -> None:
    """Let workers of data loaders report what they cannot send."""
    method = Queue._on_queue_feeder_error
    if not hasattr(method, '__wrapped__'):
        Queue._on_queue_feeder_error = _send_error(method)


def _send_error(method: Callable) -> Callable:
    @functools.wraps(method)
    def on_queue_feeder_error(queue: Queue, error: Exception, item: Any) -> None:
        worker = get_worker_info()
        # A worker sends pairs of the batch's number and the batch.
        if worker is None or not isinstance(item, tuple) or len(item) != 2:
            method(error, item)
        elif isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS):
            queue.put((item[0], _NoRoom(str(error))))
        else:
            where = f'in DataLoader worker process {worker.id}'
            info = (type(error), error, error.__traceback__)
            queue.put((item[0], ExceptionWrapper(info, where)))

    return on_queue_feeder_error


class _NoRoom(ExceptionWrapper):
    """What PyTorch raises in the main process, without the worker's traceback."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def reraise(self) -> None:
        raise MGDMError(
            f'a decoded batch finds no room in the shared memory{_size()} ({self._reason}). Give a '
            'container more (docker run --shm-size=8g, or --ipc=host), or take fewer workers: '
            '--num-workers where the command has it, else num_workers of the data loaders in the '
            'config; 0 needs none (with persistent_workers=False).'
        )


def _size() -> str:
    try:
        return f' of {shutil.disk_usage("/dev/shm").total / 1e6:.0f} MB'
    except OSError:  # a system that has it elsewhere
        return ''
