"""Similarity and loss against the formulas that build the video vectors."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.memory_use import peak_memory
from benchmarks.naive import similarity_by_group, similarity_by_text
from benchmarks.timing import compare
from mgdm_mmaction.models import augmented_contrastive_loss
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity

__all__ = ['HeadSizes', 'benchmark_head']

_VARIANTS = {
    'this package': text_guided_similarity,
    'V for each (video, text), as printed': similarity_by_text,
    'V for each (video, guide)': similarity_by_group,
}
_OURS, *_OTHERS = _VARIANTS


class HeadSizes(NamedTuple):
    """Sizes of a batch as the head sees it.

    Args:
        batch (int): Videos b, over all GPUs.
        negatives (int): Negatives k a video.
        frames (int): Frames T.
        width (int): Width D.
    """

    batch: int = 256
    negatives: int = 7
    frames: int = 16
    width: int = 768


def benchmark_head(
    sizes: HeadSizes = HeadSizes(),  # noqa: B008 (a tuple)
    repeats: int = 3,
    device: str = 'cpu',
    seed: int = 0,
) -> list[str]:
    """Measure one forward and backward pass of similarity and loss.

    Args:
        sizes (HeadSizes, optional): Sizes. Defaults to those of the paper's training on 8 GPUs.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of the operands. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    b, k, t, d = sizes
    how = (
        "PyTorch's allocator" if device.startswith('cuda') else 'resident memory, new process each'
    )
    note = f'{how}; ratios: median of {repeats} pairs, min-max'
    lines = [
        f'head: similarity and loss, forward and backward; b = {b}, k = {k}, T = {t}, D = {d}',
        f'  (peak memory above the operands: {note})',
    ]
    peaks = {name: peak_memory(_prepare, (name, sizes, device, seed), device) for name in _VARIANTS}
    ours = _prepare(_OURS, sizes, device, seed)
    for name in _OTHERS:
        times = compare(ours, _prepare(name, sizes, device, seed), repeats, device)
        if len(lines) == 2:
            lines.append(f'  {_OURS:<38}{times.ours:8.3f} s{_mebibytes(peaks[_OURS])}')
        less = (
            f'{peaks[name] / peaks[_OURS]:.1f} x the memory'
            if peaks[name] and peaks[_OURS]
            else 'memory not measured'
        )
        lines.append(
            f'  {name:<38}{times.other:8.3f} s{_mebibytes(peaks[name])}: {times.ratio:.1f} x the '
            f'time ({times.low:.1f}-{times.high:.1f}), {less}'
        )
    small = sizes._replace(batch=min(b, 32))
    lines.append(
        f'  largest difference of loss, scores and gradients at b = {small.batch}, relative to '
        f'the largest value: {_disagreement(small, device, seed):.1e}'
    )
    return lines


def _prepare(name: str, sizes: HeadSizes, device: str, seed: int) -> Callable[[], list[Tensor]]:
    """Return one pass over fixed operands; it gives loss, scores and gradients."""
    similarity = _VARIANTS[name]
    # The first call loads libraries and starts threads; that is not its memory.
    _run(similarity, *_operands(HeadSizes(2, 1, 2, 64), device, seed))
    operands = _operands(sizes, device, seed)
    return lambda: _run(similarity, *operands)


def _operands(sizes: HeadSizes, device: str, seed: int) -> tuple[list[Tensor], Tensor]:
    """Random frames, guides and texts, and the label of every text, positive first."""
    generator = torch.Generator().manual_seed(seed)
    b, k, t, d = sizes
    shapes = [(b, t, d), (b, d), (b, 1 + k, d)]
    leaves = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
    labels = torch.randint(400, (b, 1 + k), generator=generator).to(device)
    return [leaf.requires_grad_() for leaf in leaves], labels


def _run(similarity: Callable, leaves: list[Tensor], labels: Tensor) -> list[Tensor]:
    for leaf in leaves:
        leaf.grad = None
    scores = similarity(*leaves)
    loss = augmented_contrastive_loss(scores.flatten(1) / 0.07, labels[:, 0], labels.flatten())
    loss.backward()
    return [loss.detach(), scores.detach(), *(leaf.grad for leaf in leaves)]


def _disagreement(sizes: HeadSizes, device: str, seed: int) -> float:
    """Largest relative difference between the variants."""
    ours = _prepare(_OURS, sizes, device, seed)()
    worst = 0.0
    for name in _OTHERS:
        for a, b in zip(ours, _prepare(name, sizes, device, seed)(), strict=True):
            worst = max(worst, float((a - b).abs().max() / b.abs().max()))
    return worst


def _mebibytes(number: int | None) -> str:
    return f'{"-":>8} MiB' if number is None else f'{number / 2**20:8.0f} MiB'
