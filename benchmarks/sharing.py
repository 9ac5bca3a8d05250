"""Benchmark: what the negatives and the text bank cost each data-loading worker."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.workers import WorkerMemory, run_alone, write_negatives

__all__ = ['benchmark_sharing']

_K = 15
_BANK = 400 * 768 * 4  # bytes of the text bank of Kinetics-400 and ViT-L/14
_MIB = 1 << 20


def benchmark_sharing(
    videos: int, workers: int, seed: int, methods: Sequence[str] = ('fork', 'spawn')
) -> list[str]:
    """Measure workers that have read every row of a negatives file, and workers without one.

    Args:
        videos (int): Videos of the file.
        workers (int): Workers of the loader.
        seed (int): Seed.
        methods (Sequence[str], optional): How workers are started; our configs fork them.
            Defaults to ('fork', 'spawn').

    Returns:
        list[str]: Lines to print.
    """
    lines = [
        f'sharing: {workers} workers, {videos} videos, k = {_K}; every worker reads every row; '
        'memory of a worker',
        '  (with the file and a text bank of 400 x 768, less the same without; the largest worker)',
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = write_negatives(Path(folder) / 'negatives.jsonl', videos, _K, seed)
        for method in methods:
            size, with_file = run_alone(file, videos, _K, method, _BANK, workers)
            _, without = run_alone(file, videos, 0, method, 1, workers)
            private, proportional = (
                max(x[i] for x in with_file) - max(x[i] for x in without)
                for i in range(len(WorkerMemory._fields))
            )
            lines.append(
                f'  {method:<6} private {_mib(private)}, proportional (PSS) {_mib(proportional)}, '
                f'of {_mib(size)} in arrays and {_mib(_BANK)} of bank'
            )
            lines.append(
                f'         in all: private {_mib(max(x.private for x in with_file))} with, '
                f'{_mib(max(x.private for x in without))} without'
            )
    return lines


def _mib(size: int) -> str:
    return f'{size / _MIB:.1f} MiB'
