"""Mining against bare decoding of the same frames, the bare tower, and two processes."""

import multiprocessing
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from benchmarks.mining_data import MiningSizes, write_mining_data
from benchmarks.timing import compare
from mgdm_mmaction.clip import image_size
from mgdm_mmaction.mining import FrozenClip, mine
from mgdm_mmaction.mining.processes import Process

__all__ = ['benchmark_mining']


def benchmark_mining(
    sizes: MiningSizes, repeats: int = 3, device: str = 'cpu', seed: int = 0
) -> list[str]:
    """Measure videos a second of the miner.

    Four comparisons in pairs: decoding in the process that mines, against decord alone and against
    the tower alone, each on the same frames; one process with a decoding worker against none; and
    two processes, each with half of the videos, against one. All of a run counts but the import of
    the libraries: reading the list and the weights, the ledger, writing the file.

    Args:
        sizes (MiningSizes): What is mined.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Of the tower. Defaults to 'cpu'.
        seed (int, optional): Seed of videos and weights. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    import decord  # after torch, and only where videos are read

    init_default_scope('mmaction')
    count = sizes.videos.count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cfg, files = write_mining_data(folder, sizes, seed)
        out = folder / 'negatives.jsonl'

        def run(workers: int = 0, process: Process | None = None) -> None:
            mine(
                cfg,
                out,
                3,
                device=device,
                num_workers=workers,
                overwrite=True,
                progress=False,
                process=process,
            )

        files = [str(file) for file in files]
        indices = [_frames_of(cfg, file) for file in files]

        def decode() -> None:
            for file, frames in zip(files, indices, strict=True):
                decord.VideoReader(file, num_threads=1).get_batch(frames).asnumpy()

        clip = FrozenClip(cfg.model.backbone, device)
        batch = torch.randn(min(8, count), sizes.frames, 3, *image_size(sizes.arch))

        def encode() -> None:
            for _ in range(0, count, len(batch)):
                clip.videos(batch).cpu()

        against_decord = compare(run, decode, repeats, device)
        against_tower = compare(run, encode, repeats, device)
        one_worker = compare(run, lambda: run(workers=1), repeats, device)
        two = compare(run, lambda: _fork(run, out, 2), repeats) if device == 'cpu' else None
    rate = count / against_decord.ours
    lines = [
        f'mining: {sizes.describe()}, {sizes.frames} frames encoded by {sizes.arch}, '
        f'random weights, {clip.precision}; {os.cpu_count()} cores, torch with '
        f'{torch.get_num_threads()} threads',
        f'  (ratio: median of {repeats} pairs, min-max)',
        f'  {"mining, decoding in its process":<44}{rate:8.1f} videos/s, '
        f'{rate * sizes.frames:.0f} frames/s',
        _line('decord alone, the same frames', count, against_decord),
        _line('the tower alone, as many frames', count, against_tower),
        _line('mining with 1 decoding worker', count, one_worker),
    ]
    if two is not None:
        lines.append(_line('mining by 2 processes', count, two))
    return lines


def _line(name: str, count: int, times) -> str:
    return (
        f'  {name:<44}{count / times.other:8.1f} videos/s, {times.ratio:.2f} of the time '
        f'({times.low:.2f}-{times.high:.2f})'
    )


def _frames_of(cfg: Config, file: str) -> np.ndarray:
    """Return the indices of the frames that the miner decodes of a video."""
    results = dict(filename=file, start_index=0, modality='RGB')
    for transform in cfg.val_dataloader.dataset.pipeline[:2]:
        results = TRANSFORMS.build(transform)(results)
    return results['frame_inds'].reshape(-1)


def _fork(run, out: Path, count: int) -> None:
    """Mine with several processes that share the libraries, already imported."""
    # Each would take the finished file of the run before for the one that it shares.
    out.unlink(missing_ok=True)
    context = multiprocessing.get_context('fork')
    processes = [
        context.Process(target=run, kwargs=dict(process=Process(i, count, i))) for i in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * count
