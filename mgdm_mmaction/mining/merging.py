"""From the finished blocks of all processes to one negatives file."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from ..errors import explain_disk
from ..negatives import NegativesHeader, NegativesWriter
from ..text.corpus import LabelCorpus
from .ledger import FinishedBlock, Ledger
from .summary import SummaryCounter, unreadable_file

__all__ = ['merge', 'only_one']


def merge(
    out: str | Path,
    ledger: Ledger,
    blocks: Mapping[int, FinishedBlock],
    make_header: Callable[[int], NegativesHeader],
    corpus: LabelCorpus,
) -> tuple[SummaryCounter, dict[str, str]]:
    """Write the negatives file in the order of the list, block by block, and put it in its place.

    The bytes depend on the blocks alone. The file appears whole or not at all.

    Args:
        out (str | Path): The file to write.
        ledger (Ledger): The run.
        blocks (Mapping[int, FinishedBlock]): All blocks of the run.
        make_header (Callable): Number of frames of a video -> header.
        corpus (LabelCorpus): The labels.

    Returns:
        tuple[SummaryCounter, dict[str, str]]: Counts over all videos; unreadable ones with reasons.
    """
    counter = SummaryCounter(corpus)
    unreadable: dict[str, str] = {}
    writer = None
    with contextlib.ExitStack() as stack:
        for content in ledger.results(blocks):
            unreadable.update(content['unreadable'])
            rows = content['rows']
            if not rows:
                continue
            if writer is None:
                # Two processes may both find the run complete: each writes a file of its own, with
                # the same bytes.
                part = ledger.folder / f'merged-{os.getpid()}.tmp'
                header = make_header(content['num_frames'])
                writer = stack.enter_context(NegativesWriter(out, header, True, part))
            for path, label, _, ids, scores in rows:
                writer.write(path, label, ids, scores)
            labels, ranks = (np.array([row[i] for row in rows]) for i in (1, 2))
            counter.add(labels, ranks, np.array([row[3] for row in rows]))
    _write_unreadable(unreadable_file(out), unreadable)
    return counter, unreadable


def _write_unreadable(path: Path, unreadable: Mapping[str, str]) -> None:
    if not unreadable:
        path.unlink(missing_ok=True)
        return
    lines = [f'{video}\t{reason}\n' for video, reason in unreadable.items()]
    with explain_disk(path):
        path.write_text(''.join(lines), encoding='utf-8', errors='surrogateescape')


@contextlib.contextmanager
def only_one(ledger: Ledger) -> Iterator[None]:
    """Let one process of this machine after the other in, where the system can.

    It saves work and is no safeguard: merging twice gives the same bytes. The lock ends with the
    process that holds it, so a killed one leaves nothing behind.

    Args:
        ledger (Ledger): The run that they share.

    Raises:
        RunIsOver: If there is no such run any more.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with ledger.open() as file:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
