"""Whether the miner's memory grows with the list."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import init_default_scope

from benchmarks.memory_use import peak_memory
from benchmarks.mining_data import MiningSizes, write_mining_data
from benchmarks.videos import VideoSizes
from mgdm_mmaction.mining import mine

__all__ = ['benchmark_mining_memory']


def benchmark_mining_memory(counts: Sequence[int], seed: int = 0) -> list[str]:
    """Measure the peak memory of mining lists of different lengths.

    Args:
        counts (Sequence[int]): Numbers of videos of 80 x 80 with 24 frames.
        seed (int, optional): Seed of videos and weights. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    lines = [
        'memory of mining in its process, at its peak; the tower and what '
        'libraries load on first use are in it'
    ]
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            sizes = MiningSizes(videos=VideoSizes(count, 80, 80, 24))
            cfg, _ = write_mining_data(Path(name), sizes, seed)
            peak = peak_memory(_prepare, (cfg.to_dict(), str(Path(name, 'negatives.jsonl'))))
        text = 'unknown: only Linux tells' if peak is None else f'{peak / 2**20:.0f} MiB'
        lines.append(f'  {count:>6} videos    {text}')
    return lines


def _prepare(cfg: dict, out: str) -> Callable[[], None]:
    init_default_scope('mmaction')
    config = Config(cfg)
    return lambda: mine(config, out, 3, num_workers=0, overwrite=True, progress=False)
