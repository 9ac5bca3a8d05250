"""A negatives file of Kinetics' size: time to load it, and what it costs data-loading workers."""

import gc
import itertools
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch.utils.data import DataLoader, Dataset

from benchmarks.measure import mib, run_alone
from mgdm_mmaction.datasets import AttachHardNegatives
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter, read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus

__all__ = [
    'Lookups',
    'array_bytes',
    'benchmark_negatives_file',
    'benchmark_sharing',
    'measure_workers',
    'process_memory',
    'write_negatives',
]

_CLASSES = [f'class {index}' for index in range(400)]
_BANK = 400 * 768 * 4  # bytes of the text bank of Kinetics-400 and ViT-L/14


class _Memory(NamedTuple):
    """Bytes of a process that no other shares, and with a share of the shared ones (PSS)."""

    private: int
    proportional: int


def process_memory(pid: int | str = 'self') -> _Memory:
    """Read the memory of a process from the kernel; only Linux has it.

    Args:
        pid (int | str, optional): Process id. Defaults to 'self'.
    """
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()[1:]
    sizes = {line.split(':')[0]: int(line.split()[1]) << 10 for line in lines}
    return _Memory(sizes['Private_Clean'] + sizes['Private_Dirty'], sizes['Pss'])


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
            label = index % len(_CLASSES)
            # Other classes, each once: steps that never come back to the label.
            steps = (generator.integers(1, 400) + np.arange(k)) % (len(_CLASSES) - 1) + 1
            writer.write(_path(index), label, (label + steps) % len(_CLASSES), scores)
    return file


def benchmark_negatives_file(videos: int, k: int, seed: int) -> Iterator[str]:
    """Write a file and load it in a new process.

    Args:
        videos (int): Videos.
        k (int): Negatives a video.
        seed (int): Seed of the negatives.

    Yields:
        str: A line to print.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = write_negatives(Path(folder) / 'negatives.jsonl', videos, k, seed)
        size = file.stat().st_size
        seconds, grown, lookups = run_alone(_load, file)
    yield f'negatives file: {videos} videos, k = {k}, {mib(size)} on disk'
    yield f'  read in {seconds:.1f} s; memory grew by {mib(grown)}; {lookups:.0f} lookups a second'


def _load(path: Path) -> tuple[float, int, float]:
    before = process_memory().private
    start = time.perf_counter()
    file = read_negatives(path)
    seconds = time.perf_counter() - start
    grown = process_memory().private - before
    names = [file.path_of(row) for row in range(0, len(file), max(1, len(file) // 10_000))]
    start = time.perf_counter()
    for name in names:
        file.lookup('data/kinetics400/' + name)
    return seconds, grown, len(names) / (time.perf_counter() - start)


def benchmark_sharing(
    videos: int, k: int, seed: int, methods: Sequence[str] = ('fork', 'spawn')
) -> Iterator[str]:
    """Measure workers that have read every row of a negatives file, and workers without one.

    Args:
        videos (int): Videos of the file.
        k (int): Negatives a video.
        seed (int): Seed.
        methods (Sequence[str], optional): How workers are started; our configs fork them.
            Defaults to ('fork', 'spawn').

    Yields:
        str: A line to print.
    """
    yield f'sharing: {videos} videos, k = {k}; both workers read every row; the larger of them,'
    yield '  with the file and a text bank of 400 x 768, less the same without'
    with tempfile.TemporaryDirectory() as folder:
        file = write_negatives(Path(folder) / 'negatives.jsonl', videos, k, seed)
        for method in methods:
            size, with_file = run_alone(_measure, file, videos, k, method, _BANK)
            _, without = run_alone(_measure, file, videos, 0, method, 1)
            private, proportional = (a - b for a, b in zip(with_file, without, strict=True))
            yield (
                f'  {method:<6} private {mib(private)}, proportional (PSS) {mib(proportional)}, '
                f'of {mib(size)} in arrays and {mib(_BANK)} of bank; in all: private '
                f'{mib(with_file[0])} with, {mib(without[0])} without'
            )


def _measure(file: Path, videos: int, k: int, method: str, bank: int) -> tuple[int, list[int]]:
    held = np.ones(bank, dtype=np.uint8)
    corpus = dict(classes=_CLASSES, prompt='{}')
    attach = AttachHardNegatives(str(file) if k else None, k=k, corpus=corpus)
    workers = measure_workers(Lookups(videos, attach), method)
    del held  # not before
    return array_bytes(attach), [max(sizes) for sizes in zip(*workers, strict=True)]


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


def measure_workers(dataset: Dataset, method: str, workers: int = 2) -> list[_Memory]:
    """Let every worker of a loader read every sample, and measure the workers.

    Args:
        dataset (Dataset): The samples.
        method (str): How workers are started: 'fork', as in our configs, or 'spawn'.
        workers (int, optional): Number of workers. Defaults to 2.

    Returns:
        list[_Memory]: The memory of each, when all samples have been read.
    """
    gc.collect()
    starts = range(0, len(dataset), 1000)
    # Workers take turns: each batch as often as there are workers.
    batches = [range(i, min(i + 1000, len(dataset))) for i in starts]
    loader = DataLoader(
        dataset,
        batch_sampler=list(itertools.chain.from_iterable([batch] * workers for batch in batches)),
        num_workers=workers,
        multiprocessing_context=method,
        persistent_workers=True,
    )
    for _ in loader:
        pass
    return [process_memory(process.pid) for process in loader._iterator._workers]


def array_bytes(attach: AttachHardNegatives) -> int:
    """Bytes of the arrays of the negatives file that a transform holds."""
    values = vars(attach.file).values() if attach.file else ()
    return sum(value.nbytes for value in values if isinstance(value, np.ndarray))
