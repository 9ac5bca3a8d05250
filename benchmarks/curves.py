"""What the numbers that training logs cost, beside the loss that it needs anyway."""

import torch
from torch import Tensor

from benchmarks.head import HeadSizes
from benchmarks.timing import compare
from mgdm_mmaction.models import AugmentedContrastiveLoss
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity
from mgdm_mmaction.models.losses.training_curves import training_curves

__all__ = ['benchmark_curves']


def benchmark_curves(
    sizes: HeadSizes = HeadSizes(),  # noqa: B008 (a tuple)
    repeats: int = 3,
    device: str = 'cpu',
    seed: int = 0,
) -> list[str]:
    """Measure the curves of a batch against similarity and loss, forward and backward.

    On a GPU both times end with all numbers of the log on the CPU, as MMEngine's hook reads them.

    Args:
        sizes (HeadSizes, optional): Sizes. Defaults to those of the paper's training on 8 GPUs.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of the operands. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    generator = torch.Generator().manual_seed(seed)
    b, k, t, d = sizes
    shapes = [(b, t, d), (b, d), (b, 1 + k, d)]
    leaves = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    text_ids = torch.randint(400, (b, 1 + k), generator=generator).to(device)
    labels = (text_ids[:, 0], text_ids.flatten())
    scale = torch.tensor(1 / 0.07, device=device)
    loss_of = AugmentedContrastiveLoss()
    logits = (text_guided_similarity(*leaves) * scale).detach()

    def train() -> float:
        scores = text_guided_similarity(*leaves) * scale
        loss = loss_of(scores.flatten(1), *labels)
        loss.backward()
        return loss.item()

    def log() -> list[float]:
        numbers: list[Tensor] = [*loss_of.directions(logits.flatten(1), *labels)]
        numbers += training_curves(logits, text_ids, scale).values()
        return [number.item() for number in numbers]

    times = compare(train, log, repeats, device)
    return [
        f'curves: what is logged beside the loss; b = {b}, k = {k}, T = {t}, D = {d}',
        f'  (ratio: median of {repeats} pairs, min-max)',
        f'  {"similarity and loss, with gradients":<38}{1000 * times.ours:8.1f} ms',
        f'  {"all curves":<38}{1000 * times.other:8.1f} ms: {times.ratio:.3f} x the time '
        f'({times.low:.3f}-{times.high:.3f})',
    ]
