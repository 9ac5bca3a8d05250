"""Worker processes that may crash or hang without taking the job with them."""

import faulthandler
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, TimeoutError, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from pebble import ProcessExpired, ProcessPool

__all__ = ['WorkerLost', 'run_guarded']


@dataclass(frozen=True)
class WorkerLost:
    """A task that ended its worker process, and how."""

    reason: str


def run_guarded(
    work: Callable[[int], Any], count: int, num_workers: int = 2, timeout: float | None = None
) -> Iterator[tuple[int, Any]]:
    """Call a function for 0 to ``count - 1`` in worker processes, in any order.

    A process pool of the standard library gives up when a worker dies, and decoders written in C do
    die of some files; pebble's replaces the worker. Such a task is tried once more, so that a death
    by chance (the system short of memory) is not held against it.

    Args:
        work (Callable[[int], Any]): The function; its result is pickled.
        count (int): Number of tasks.
        num_workers (int, optional): Processes. Defaults to 2.
        timeout (float, optional): Seconds after which a task is given up. Defaults to None: never.

    Yields:
        tuple[int, Any]: The task, and its result or :class:`WorkerLost`.

    Raises:
        Exception: What the function raised, with the worker's traceback as its cause.
    """
    todo, crashed = deque(range(count)), set()
    while todo:
        pool, running = _start(work, num_workers), {}
        try:
            while running or (todo and pool.active):
                # As many as keep the workers busy: a list may have half a million clips.
                while todo and pool.active and len(running) < 4 * num_workers:
                    task = todo.popleft()
                    running[pool.schedule(_call, [task], timeout=timeout)] = task
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    try:
                        yield task, future.result()
                    except TimeoutError:
                        yield task, WorkerLost(f'not decoded within {timeout:g} s')
                    # The whole pool breaks where its last worker dies between two tasks.
                    except (ProcessExpired, BrokenProcessPool) as error:
                        if task in crashed:
                            how = _exit(getattr(error, 'exitcode', 1))
                            yield task, WorkerLost(f'crashed the decoder ({how})')
                        else:
                            crashed.add(task)
                            todo.append(task)
        finally:
            pool.stop()
            pool.join()


def _start(work: Callable[[int], Any], num_workers: int) -> ProcessPool:
    # A fork has the data already; a spawned process gets them pickled.
    context = multiprocessing.get_context('fork' if hasattr(os, 'fork') else 'spawn')
    return ProcessPool(num_workers, initializer=_set_up, initargs=(work,), context=context)


def _set_up(work: Callable[[int], Any]) -> None:
    global _work
    _work = work
    # Decoders written in C print to the error stream for every odd frame; the reason is returned.
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _call(task: int) -> Any:
    return _work(task)


def _exit(code: int) -> str:
    try:
        return f'exit code {code}' if code >= 0 else signal.Signals(-code).name
    except ValueError:
        return f'signal {-code}'
