"""What each control of the recipe costs: a step with it against the same step without."""

from collections.abc import Collection, Iterator

from .memory import peak_memory
from .timing import compare
from .training import StepSizes, TrainingStep

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
    plain = peak_memory(TrainingStep, (sizes, device, seed), device)
    yield f'recipe: MGDM on {arch}, T = {t}, b = {b}, k = {k}; a step with one control on'
    yield f'  (time against the plain step, median of {repeats} pairs, min-max; memory: what a'
    yield '  first step adds to the model: activations, gradients, state of AdamW)'
    yield f'  {"plain":<38}{"":>26}{_show(plain):>10}'
    for name in controls:
        options = _fill_in(CONTROLS[name], base.model.backbone.num_layers // 2)
        times = compare(base, TrainingStep(sizes, device, seed, **options), repeats, device)
        # Positional, for a new process.
        order = ('backbone', 'amp', 'ema', 'layer_decay')
        defaults = dict(backbone={}, amp=False, ema=False, layer_decay=None)
        more = tuple(options.get(key, defaults[key]) for key in order)
        peak = peak_memory(TrainingStep, (sizes, device, seed, *more), device)
        share = f', {peak / plain:.2f} of the memory' if peak and plain else ''
        yield (
            f'  {name:<38}{times.ratio:.2f} ({times.low:.2f}-{times.high:.2f}) of the time, '
            f'{_show(peak):>10}{share}'
        )


def _fill_in(options: dict, half: int) -> dict:
    if options.get('backbone', {}).get('frozen_stages') == 'half':
        return dict(backbone=dict(frozen_stages=half))
    return options


def _show(size: int | None) -> str:
    return 'not told' if size is None else f'{size / _MIB:.0f} MiB'
