"""Memory of data-loading workers that look up mined negatives."""

import gc
import itertools
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch.utils.data import DataLoader, Dataset

from mgdm_mmaction.datasets import AttachHardNegatives
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter
from mgdm_mmaction.text.corpus import LabelCorpus

__all__ = [
    'Lookups',
    'WorkerMemory',
    'array_bytes',
    'measure_workers',
    'process_memory',
    'run_alone',
    'write_negatives',
]

_CLASSES = [f'class {index}' for index in range(400)]


class WorkerMemory(NamedTuple):
    """Memory of a process.

    Args:
        private (int): Bytes that no other process shares.
        proportional (int): The same, and of shared bytes a share for each process that maps them
            (PSS): summed over all processes, what is in use.
    """

    private: int
    proportional: int


def process_memory(pid: int | str = 'self') -> WorkerMemory:
    """Read the memory of a process from the kernel.

    Args:
        pid (int | str, optional): Process id. Defaults to 'self'.

    Raises:
        MGDMError: If the system is not Linux.
    """
    try:
        lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]
    except FileNotFoundError:
        raise MGDMError(
            f'/proc/{pid}/smaps_rollup is not there: only Linux tells how processes share memory'
        ) from None
    sizes = {line.split(':')[0]: int(line.split()[1]) << 10 for line in lines}
    return WorkerMemory(sizes['Private_Clean'] + sizes['Private_Dirty'], sizes['Pss'])


def _path(index: int) -> str:
    return f'{_CLASSES[index % len(_CLASSES)]}/{index:011d}_000010_000020.mp4'


def write_negatives(file: Path, videos: int, k: int, seed: int) -> Path:
    """Write a negatives file of made-up videos, 400 classes.

    Args:
        file (Path): The file.
        videos (int): Number of videos.
        k (int): Negatives of each.
        seed (int): Seed.

    Returns:
        Path: The file.
    """
    corpus = LabelCorpus(_CLASSES)
    header = NegativesHeader(
        'none', '0', '{}', corpus.labels, _CLASSES, list(range(400)), 16, k, '0', 'benchmark'
    )
    generator = np.random.default_rng(seed)
    scores = np.linspace(0.3, 0.2, k)
    with NegativesWriter(file, header) as writer:
        for index in range(videos):
            first = int(generator.integers(1, len(_CLASSES)))
            label = index % len(_CLASSES)
            # Other classes, each once: steps that never come back to the label.
            steps = (first + np.arange(k)) % (len(_CLASSES) - 1) + 1
            writer.write(_path(index), label, (label + steps) % len(_CLASSES), scores)
    return file


class Lookups(Dataset):
    """What the negatives are to a training: a look-up for every video, and nothing else.

    Args:
        videos (int): Number of videos.
        attach (AttachHardNegatives): The transform.
    """

    def __init__(self, videos: int, attach: AttachHardNegatives) -> None:
        self.videos = videos
        self.attach = attach

    def __len__(self) -> int:
        return self.videos

    def __getitem__(self, index: int) -> int:
        """Look a video up, and read all its ids."""
        sample = dict(filename=_path(index), label=index % len(_CLASSES))
        return int(self.attach.transform(sample)['text_ids'].sum())


def measure_workers(dataset: Dataset, method: str, workers: int = 2) -> list[WorkerMemory]:
    """Let every worker of a loader read every sample, and measure the workers.

    Args:
        dataset (Dataset): The samples.
        method (str): How workers are started: 'fork', as in our configs, or 'spawn'.
        workers (int, optional): Number of workers. Defaults to 2.

    Returns:
        list[WorkerMemory]: The memory of each, when all samples have been read.
    """
    gc.collect()
    loader = DataLoader(
        dataset,
        batch_sampler=_ForEachWorker(len(dataset), workers),
        num_workers=workers,
        multiprocessing_context=method,
        persistent_workers=True,
    )
    for _ in loader:
        pass
    processes = loader._iterator._workers
    return [process_memory(process.pid) for process in processes]


class _ForEachWorker:
    """Batches of all samples, each as often as there are workers, which take turns."""

    def __init__(self, samples: int, workers: int, size: int = 1000) -> None:
        self.samples, self.workers, self.size = samples, workers, size

    def __iter__(self) -> Iterator[range]:
        for start in range(0, self.samples, self.size):
            batch = range(start, min(start + self.size, self.samples))
            yield from itertools.repeat(batch, self.workers)

    def __len__(self) -> int:
        return -(-self.samples // self.size) * self.workers


def run_alone(
    file: Path, videos: int, k: int, method: str, bank: int, workers: int
) -> tuple[int, list[WorkerMemory]]:
    """Measure workers in the children of a new process, which holds nothing else.

    Args:
        file (Path): The negatives file.
        videos (int): Its videos.
        k (int): Negatives that are attached; 0 reads no file.
        method (str): See :func:`measure_workers`.
        bank (int): Bytes of a text bank, held by the process from which workers are started.
        workers (int): Number of workers.

    Returns:
        tuple[int, list[WorkerMemory]]: Bytes of the arrays, and the memory of each worker.
    """
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(_measure, file, videos, k, method, bank, workers).result()


def _measure(file: Path, videos: int, k: int, method: str, bank: int, workers: int) -> tuple:
    held = np.ones(bank, dtype=np.uint8)
    corpus = dict(classes=_CLASSES, prompt='{}')
    attach = AttachHardNegatives(str(file) if k else None, k=k, corpus=corpus)
    memory = measure_workers(Lookups(videos, attach), method, workers)
    del held  # not before
    return array_bytes(attach), memory


def array_bytes(attach: AttachHardNegatives) -> int:
    """Bytes of the arrays of a negatives file.

    Args:
        attach (AttachHardNegatives): The transform that holds it.
    """
    values = vars(attach.file).values() if attach.file else ()
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))
