"""Similarity and loss against the formulas that build the video vectors."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.measure import compare, mib, peak_memory
from benchmarks.naive import similarity_by_group, similarity_by_text
from mgdm_mmaction.models import augmented_contrastive_loss
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity

__all__ = ['HeadSizes', 'benchmark_head']

_OURS = 'this package'
_OTHERS = ('V for each (video, text), as printed', 'V for each (video, guide)')
_FORMULAS = dict(
    zip(
        (_OURS, *_OTHERS),
        (text_guided_similarity, similarity_by_text, similarity_by_group),
        strict=True,
    )
)


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


def benchmark_head(sizes: HeadSizes, repeats: int, device: str, seed: int) -> Iterator[str]:
    """Measure one forward and backward pass of similarity and loss.

    Args:
        sizes (HeadSizes): Sizes.
        repeats (int): Pairs of runs.
        device (str): Device.
        seed (int): Seed of the operands.

    Yields:
        str: A line to print.
    """
    b, k, t, d = sizes
    yield f'head: similarity and loss, forward and backward; b = {b}, k = {k}, T = {t}, D = {d}'
    yield f'  (peak memory above the operands; ratios: median of {repeats} pairs, min-max)'
    ours = _prepare(_OURS, sizes, device, seed)
    least = peak_memory(_prepare, (_OURS, sizes, device, seed), device)
    yield f'  {_OURS:<38}{mib(least):>12}'
    for name in _OTHERS:
        times = compare(ours, _prepare(name, sizes, device, seed), repeats, device)
        peak = peak_memory(_prepare, (name, sizes, device, seed), device)
        more = f', {peak / least:.1f} x the memory' if peak and least else ''
        yield f'  {name:<38}{mib(peak):>12}, {times.other:.3f} s: {times}{more}'
    small = sizes._replace(batch=min(b, 32))
    yield (
        f'  largest difference of loss, scores and gradients at b = {small.batch}, relative to '
        f'the largest value: {_disagreement(small, device, seed):.1e}'
    )


def _prepare(name: str, sizes: HeadSizes, device: str, seed: int) -> Callable[[], list[Tensor]]:
    """Return one pass over fixed operands; it gives loss, scores and gradients."""
    similarity = _FORMULAS[name]
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
    """Largest relative difference between the formulas."""
    ours, *others = (_prepare(name, sizes, device, seed)() for name in _FORMULAS)
    return max(
        float((a - b).abs().max() / b.abs().max())
        for other in others
        for a, b in zip(ours, other, strict=True)
    )
