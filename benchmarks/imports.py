"""CPU seconds of an import and of ``--help``, against the import of torch."""

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ['benchmark_imports']

_ROOT = Path(__file__).resolve().parents[1]


def benchmark_imports(repeats: int = 3) -> Iterator[str]:
    """Measure our import and every command's ``--help`` in new processes.

    Args:
        repeats (int, optional): Runs of each; the median counts. Defaults to 3.

    Yields:
        str: A line to print.
    """
    torch = _seconds(['-c', 'import torch'], repeats)
    yield f'imports: CPU seconds, median of {repeats}, and what share of `import torch` they are'
    yield f'  {"import torch":<38}{torch:8.2f} s'
    runs = {'import mgdm_mmaction': ['-c', 'import mgdm_mmaction']}
    runs['... and build MGDM'] = [
        '-c',
        'import mgdm_mmaction; from mmaction.registry import MODELS; MODELS.get("MGDM")',
    ]
    tools = sorted((_ROOT / 'tools').rglob('*.py'))
    runs |= {f'{tool.name} --help': [str(tool), '--help'] for tool in tools}
    for name, arguments in runs.items():
        seconds = _seconds(arguments, repeats)
        yield f'  {name:<38}{seconds:8.2f} s, {seconds / torch:.2f}'


def _seconds(arguments: list[str], repeats: int) -> float:
    environment = {**os.environ, 'PYTHONPATH': str(_ROOT), 'OMP_NUM_THREADS': '1'}
    found = []
    for _ in range(repeats):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)
