"""Training on CLIP's towers under bfloat16 AMP: speed, memory, and whether the numbers hold."""

import gc
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from benchmarks.timing import wait
from benchmarks.training import StepSizes, TrainingStep

__all__ = ['TOWERS', 'benchmark_tower']

# Architecture -> frames: the toy config's, then those of the configs for Kinetics.
TOWERS = {'mgdm-tiny': 8, 'ViT-B-32': 16, 'ViT-B-16': 16, 'ViT-L-14': 16}
_WARM_UP = 3
_GIB = 1 << 30


def benchmark_tower(
    arch: str,
    batches: Sequence[int],
    steps: int,
    repeats: int,
    device: str = 'cpu',
    seed: int = 0,
    frames: int | None = None,
) -> Iterator[str]:
    """Measure a tower with random weights; the lines come as they are found.

    A table of clips a second and peak memory by batch, with and without checkpointing; then a run
    on one batch, whose losses and gradients should be finite; then the loss of one batch under
    bfloat16 and in float32.

    Args:
        arch (str): CLIP architecture.
        batches (Sequence[int]): Clips a batch; the first is that of the run and of the losses.
        steps (int): Steps of the run.
        repeats (int): Timed steps of each line of the table.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of weights and pixels. Defaults to 0.
        frames (int, optional): Frames T. Defaults to None: those of :data:`TOWERS`, or else 16.

    Yields:
        str: A line to print.
    """
    frames = frames or TOWERS.get(arch, 16)
    yield f'towers: MGDM on {arch}, T = {frames}, k = 7; forward, backward, AdamW; bf16 AMP'
    yield f'  (median of {repeats} steps; memory: highest that PyTorch had allocated, all included)'
    yield f'  {"batch":>7}  {"checkpointing":<14}{"clips/s":>9}{"peak memory":>16}'
    for batch in batches:
        for with_cp in (False, True):
            sizes = StepSizes(arch, batch, frames)
            speed, peak = _measure(sizes, with_cp, repeats, device, seed)
            rate = 'no memory' if speed is None else f'{speed:.1f}'
            memory = 'not told' if peak is None else f'{peak / _GIB:.2f} GiB'
            yield f'  {batch:>7}  {"yes" if with_cp else "no":<14}{rate:>9}{memory:>16}'
    sizes = StepSizes(arch, batches[0], frames)
    yield _finite_run(sizes, steps, device, seed)
    yield _against_float32(sizes, device, seed)


def _measure(
    sizes: StepSizes, with_cp: bool, repeats: int, device: str, seed: int
) -> tuple[float | None, int | None]:
    """Clips a second and bytes; None for what cannot be had."""
    cuda = device.startswith('cuda')
    _free(device)
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    try:
        step = TrainingStep(sizes, device, seed, dict(with_cp=with_cp), amp=True)
        times = []
        for index in range(_WARM_UP + repeats):
            wait(device)
            start = time.perf_counter()
            step()
            wait(device)
            if index >= _WARM_UP:
                times.append(time.perf_counter() - start)
    except torch.OutOfMemoryError:
        return None, None
    peak = torch.cuda.max_memory_allocated(device) if cuda else None
    return sizes.batch / statistics.median(times), peak


def _finite_run(sizes: StepSizes, steps: int, device: str, seed: int) -> str:
    _free(device)
    try:
        step = TrainingStep(sizes, device, seed, amp=True, watch=True)
        losses = [step() for _ in range(steps)]
    except torch.OutOfMemoryError:
        return f'  {steps} steps, b = {sizes.batch}: no memory'
    verdict = 'all finite' if step.finite else 'NOT ALL FINITE'
    return (
        f'  {steps} steps on one batch of {sizes.batch}: loss {float(losses[0]):.4f} -> '
        f'{float(losses[-1]):.4f}; losses and gradients {verdict}'
    )


def _against_float32(sizes: StepSizes, device: str, seed: int) -> str:
    """The same weights and pixels in both: seeds see to it."""
    losses = []
    for amp in (True, False):
        _free(device)
        try:
            with _plain_float32():
                losses.append(float(TrainingStep(sizes, device, seed, amp=amp).loss().detach()))
        except torch.OutOfMemoryError:
            return f'  loss in bf16 and float32, b = {sizes.batch}: no memory'
    half, full = losses
    return (
        f'  loss of one batch of {sizes.batch}: bf16 {half:.5f}, float32 {full:.5f}, relative '
        f'difference {abs(half - full) / full:.1e}'
    )


@contextmanager
def _plain_float32() -> Iterator[None]:
    """Keep TF32, with fewer bits than its name, out of convolutions; matrices do without it."""
    with torch.backends.cudnn.flags(allow_tf32=False):
        yield


def _free(device: str) -> None:
    """Give back what the last measurement held."""
    gc.collect()
    if device.startswith('cuda'):
        torch.cuda.empty_cache()
