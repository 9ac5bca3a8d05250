"""Worker processes that may crash or hang without taking the job with them."""

import faulthandler
import multiprocessing
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

__all__ = ['WorkerLost', 'run_guarded']


@dataclass(frozen=True)
class WorkerLost:
    """A task that ended its worker process.

    Args:
        reason (str): How.
        crashed (bool, optional): It died of itself. Defaults to False: it was given up.
    """

    reason: str
    crashed: bool = False


@dataclass(eq=False)
class _Worker:
    process: multiprocessing.Process
    pipe: Connection
    task: int | None = None
    since: float = field(default_factory=time.monotonic)


def run_guarded(
    work: Callable[[int], Any], count: int, num_workers: int = 2, timeout: float | None = None
) -> Iterator[tuple[int, Any]]:
    """Call a function for 0 to ``count - 1`` in worker processes, in any order.

    A process pool of the standard library gives up when a worker dies, and decoders written in C do
    die of some files. Here the worker is replaced and the task tried once more in a fresh process,
    so that a death by chance (the system short of memory) is not held against it.

    Args:
        work (Callable[[int], Any]): The function; its result is pickled.
        count (int): Number of tasks.
        num_workers (int, optional): Processes. Defaults to 2.
        timeout (float, optional): Seconds after which a task is given up. Defaults to None: never.

    Yields:
        tuple[int, Any]: The task, and its result or :class:`WorkerLost`.

    Raises:
        RuntimeError: If the function raised an error, with its traceback.
    """
    # A fork has the data already; a spawned process gets them pickled.
    kind = 'fork' if 'fork' in multiprocessing.get_all_start_methods() else 'spawn'
    context = multiprocessing.get_context(kind)
    todo, lost = deque(range(count)), set()
    workers: list[_Worker] = []
    try:
        while todo or any(worker.task is not None for worker in workers):
            while len(workers) < min(num_workers, len(todo) + len(workers)):
                workers.append(_start(context, work, workers))
            for worker in workers:
                if worker.task is None and todo:
                    worker.task, worker.since = todo.popleft(), time.monotonic()
                    _send(worker)
            busy = [worker for worker in workers if worker.task is not None]
            wait([part for worker in busy for part in (worker.pipe, worker.process.sentinel)], 0.5)
            for worker in busy:
                result = _receive(worker, timeout)
                if result is None:
                    continue
                task, worker.task = worker.task, None
                if isinstance(result, WorkerLost):
                    workers.remove(worker)
                    _end(worker)
                    if result.crashed and task not in lost:
                        lost.add(task)
                        # A fresh one: an earlier clip may have left the old one in a bad state.
                        workers.append(_start(context, work, workers))
                        workers[-1].task = task
                        _send(workers[-1])
                        continue
                    yield task, result
                elif result[0] == 'error':
                    raise RuntimeError(f'a worker process failed:\n{result[1]}')
                else:
                    yield task, result[1]
    finally:
        for worker in workers:
            _end(worker)


def _start(context: Any, work: Callable, others: list[_Worker]) -> _Worker:
    ours, theirs = context.Pipe()
    # A forked child holds copies of our ends; it closes them, so that it notices when we are gone.
    inherited = (
        [ours, *(other.pipe for other in others)] if context.get_start_method() == 'fork' else []
    )
    process = context.Process(target=_serve, args=(theirs, work, inherited), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _serve(pipe: Connection, work: Callable, inherited: list[Connection]) -> None:
    for other in inherited:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decoders written in C print to the error stream for every odd frame; the reason is returned.
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        while True:
            task = pipe.recv()
            try:
                pipe.send(('done', work(task)))
            except Exception:
                pipe.send(('error', traceback.format_exc()))
    except (EOFError, OSError):
        return


def _send(worker: _Worker) -> None:
    try:
        worker.pipe.send(worker.task)
    except OSError:
        # It died between two tasks; its sentinel says so next.
        return


def _receive(worker: _Worker, timeout: float | None) -> Any:
    """Return what a worker sent, that it is lost, or None while it works."""
    dead = not worker.process.is_alive()
    try:
        if worker.pipe.poll():
            return worker.pipe.recv()
    except (EOFError, OSError):
        dead = True
    if dead:
        worker.process.join(5)
        return WorkerLost(f'crashed the decoder ({_exit(worker.process.exitcode)})', crashed=True)
    if timeout is not None and time.monotonic() - worker.since > timeout:
        return WorkerLost(f'not decoded within {timeout:g} s')
    return None


def _exit(code: int | None) -> str:
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f'signal {-code}'
    return f'exit code {code}'


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()
