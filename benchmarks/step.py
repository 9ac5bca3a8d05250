"""One training step with the text bank against one that runs the text tower."""

import torch

from benchmarks.timing import compare
from benchmarks.training import StepSizes, build_model, random_batch
from mgdm_mmaction.clip import build_clip, encode_texts, tokenize

__all__ = ['benchmark_step']


def benchmark_step(
    sizes: StepSizes = StepSizes(),  # noqa: B008 (a tuple)
    repeats: int = 3,
    device: str = 'cpu',
    seed: int = 0,
) -> list[str]:
    """Measure forward pass, backward pass and optimiser step, with random weights and pixels.

    The other side is the same model, whose b (1 + k) prompts go through the frozen text tower
    first, without gradient, as a recogniser without a text bank does it in every step.

    Args:
        sizes (StepSizes, optional): Sizes. Defaults to ViT-B/32 with b = 8, T = 8, k = 7.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of weights and pixels. Defaults to 0.

    Returns:
        list[str]: Lines to print.
    """
    torch.manual_seed(seed)
    arch, b, t, k = sizes
    num_texts = b * (1 + k)
    model = build_model(sizes, num_texts).to(device)
    head = model.cls_head
    clip = build_clip(arch)
    head.text_bank.copy_(encode_texts(clip, head.corpus.prompts, arch))
    head.has_bank = True
    clip.visual = None  # only its texts are needed
    clip.to(device)
    tokens = tokenize(head.corpus.prompts, arch).to(device)

    inputs, samples = random_batch(sizes, device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5)

    def train() -> None:
        optimizer.zero_grad()
        model.loss(inputs, samples)['loss_contrastive'].backward()
        optimizer.step()

    def train_with_text_tower() -> None:
        with torch.no_grad():
            head.text_bank.copy_(clip.encode_text(tokens))
        train()

    times = compare(train, train_with_text_tower, repeats, device)
    return [
        f'step: MGDM on {arch}, T = {t}, b = {b}, k = {k}; forward, backward, AdamW',
        f'  (ratio: median of {repeats} pairs, min-max)',
        f'  {"text bank":<38}{times.ours:8.3f} s',
        f'  {f"text tower on {num_texts} prompts a step":<38}{times.other:8.3f} s: '
        f'{times.ratio:.2f} x the time ({times.low:.2f}-{times.high:.2f})',
    ]
