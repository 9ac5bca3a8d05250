"""What each control of the recipe costs: a step with it against the same step without."""

from collections.abc import Callable, Collection, Iterator

import torch

from benchmarks.memory_use import peak_memory
from benchmarks.timing import compare
from benchmarks.training import StepSizes, TrainingStep

__all__ = ['CONTROLS', 'benchmark_recipe']

# Name -> options of TrainingStep. `half` stands for half of the blocks.
CONTROLS = {
    'backbone.with_cp=True': dict(backbone=dict(with_cp=True)),
    'backbone.patch_dropout=0.5': dict(backbone=dict(patch_dropout=0.5)),
    'backbone.frozen_stages=half': dict(backbone=dict(frozen_stages='half')),
    'backbone.frozen_stages=all_but_norm': dict(backbone=dict(frozen_stages='all_but_norm')),
    'backbone.frozen_stages=all': dict(backbone=dict(frozen_stages='all')),
    'EMA': dict(ema=True),
    'layer-wise decay 0.75': dict(layer_decay=0.75),
    'bf16 AMP': dict(amp=True),
}
_MIB = 1 << 20
# Times the batch, where memory is measured: activations should outweigh what there is once.
_LARGER = 4


def benchmark_recipe(
    sizes: StepSizes,
    repeats: int = 3,
    device: str = 'cpu',
    seed: int = 0,
    controls: Collection[str] = tuple(CONTROLS),
) -> Iterator[str]:
    """Measure time and memory of a training step under one control at a time.

    Args:
        sizes (StepSizes): Sizes.
        repeats (int, optional): Pairs of runs. Defaults to 3.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of weights and pixels. Defaults to 0.
        controls (Collection[str], optional): Names of those to measure. Defaults to all.

    Yields:
        str: A line to print.
    """
    arch, b, t, k = sizes
    base = TrainingStep(sizes, device, seed)
    large = sizes._replace(batch=_LARGER * b)
    plain = peak_memory(_second_step, (large, device, seed), device)
    yield f'recipe: MGDM on {arch}, T = {t}, b = {b}, k = {k}; a step with one control on'
    yield f'  (time against the plain step, median of {repeats} pairs, min-max; held: weights,'
    yield f'  state of AdamW, average; peak: what a step with b = {large.batch} adds to it)'
    base()
    yield f'  {"plain":<38}{"":>27}{_show(_held(base)):>14}{_show(plain):>12}'
    for name in controls:
        options = _fill_in(CONTROLS[name], base.model.backbone.num_layers // 2)
        step = TrainingStep(sizes, device, seed, **options)
        times = compare(base, step, repeats, device)
        peak = peak_memory(_second_step, (large, device, seed, options), device)
        share = f' = {peak / plain:.2f} of plain' if peak and plain else ''
        yield (
            f'  {name:<38}{times.ratio:.2f} ({times.low:.2f}-{times.high:.2f}) of the time'
            f'{_show(_held(step)):>14}{_show(peak):>12}{share}'
        )


def _second_step(sizes: StepSizes, device: str, seed: int, options: dict | None = None) -> Callable:
    """Prepare a step that finds the optimizer's state in place, as all but the first do."""
    step = TrainingStep(sizes, device, seed, **(options or {}))
    step()
    return step


def _held(step: TrainingStep) -> int:
    """Bytes that stay between the steps; the step has been made at least once."""
    tensors = [*step.model.parameters(), *step.averaged]
    for state in step.wrapper.optimizer.state.values():
        tensors += [value for value in state.values() if isinstance(value, torch.Tensor)]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _fill_in(options: dict, half: int) -> dict:
    if options.get('backbone', {}).get('frozen_stages') == 'half':
        return dict(backbone=dict(frozen_stages=half))
    return options


def _show(size: int | None) -> str:
    return 'not told' if size is None else f'{size / _MIB:.0f} MiB'
