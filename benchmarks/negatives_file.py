"""How long a large negatives file takes to load, and how much memory it holds."""

import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter, read_negatives
from mgdm_mmaction.text.corpus import LabelCorpus

__all__ = ['benchmark_negatives_file']


def benchmark_negatives_file(count: int = 240_000, k: int = 16, seed: int = 0) -> list[str]:
    """Write a file of random negatives for Kinetics-400's classes, and load it in a new process.

    Args:
        count (int, optional): Videos. Defaults to 240000.
        k (int, optional): Negatives a video. Defaults to 16.
        seed (int, optional): Seed of the negatives. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'negatives.jsonl'
        _write(path, count, k, seed)
        size = path.stat().st_size
        context = multiprocessing.get_context('spawn')
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
            seconds, resident, lookups = pool.submit(_load, path).result()
    memory = 'not known here' if resident is None else f'{resident / 2**20:.0f} MiB'
    return [
        f'negatives file: {count} videos, k = {k}, {size / 2**20:.0f} MiB on disk',
        f'  loaded in {seconds:.1f} s; resident memory grew by {memory}; '
        f'{lookups:.0f} lookups a second',
    ]


def _write(path: Path, count: int, k: int, seed: int) -> None:
    corpus = LabelCorpus('k400')
    generator = np.random.default_rng(seed)
    header = NegativesHeader(
        architecture='ViT-B-16',
        weights_digest='random',
        prompt=corpus.prompt,
        labels=corpus.labels,
        classes=corpus.classes,
        class_ids=corpus.class_ids.tolist(),
        num_frames=16,
        k=k,
        annotation_digest='random',
        package_version='0',
    )
    with NegativesWriter(path, header) as writer:
        for i in range(count):
            label = int(generator.integers(len(corpus)))
            # k + 1 different labels, of which the own one, or one too many, drops out.
            first, step = generator.integers(len(corpus)), generator.integers(1, 23)
            ids = [int(j) for j in (first + step * np.arange(k + 1)) % len(corpus) if j != label]
            scores = np.sort(generator.random(k))[::-1].tolist()
            writer.write(f'videos_train/{label:03d}/{i:011d}_000010.mp4', label, ids[:k], scores)


def _load(path: Path) -> tuple[float, int | None, float]:
    before = _resident()
    start = time.perf_counter()
    file = read_negatives(path)
    seconds = time.perf_counter() - start
    after = _resident()
    names = [file.path_of(row) for row in range(0, len(file), max(1, len(file) // 10_000))]
    start = time.perf_counter()
    for name in names:
        file.lookup('data/kinetics400/' + name)
    lookups = len(names) / (time.perf_counter() - start)
    return seconds, None if before is None else after - before, lookups


def _resident() -> int | None:
    try:
        fields = Path('/proc/self/statm').read_text().split()
    except OSError:
        return None
    return int(fields[1]) * 4096
