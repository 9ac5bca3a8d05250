"""Training steps of MGDM with random weights and pixels: the bank, the recipe, the towers."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import Tensor

from benchmarks.measure import compare, mib, peak_memory, wait
from mgdm_mmaction.clip import build_clip, embed_dims, get_arch, image_size, tokenize
from mgdm_mmaction.engine.optimizers.optim_wrapper_constructor import only_errors

__all__ = [
    'CONTROLS',
    'TOWERS',
    'StepSizes',
    'TrainingStep',
    'benchmark_recipe',
    'benchmark_step',
    'benchmark_tower',
]

# Controls of docs/recipe.md -> options of TrainingStep. `half` stands for half of the blocks.
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
# Architecture -> frames: the toy config's, then those of the configs for Kinetics.
TOWERS = {'mgdm-tiny': 8, 'ViT-B-32': 16, 'ViT-B-16': 16, 'ViT-L-14': 16}
_WARM_UP = 3
# Times the batch, where memory is measured: activations should outweigh what there is once.
_LARGER = 4


class StepSizes(NamedTuple):
    """Sizes of a training step.

    Args:
        arch (str): CLIP architecture.
        batch (int): Videos b.
        frames (int): Frames T.
        negatives (int): Negatives k a video.
    """

    arch: str = 'ViT-B-32'
    batch: int = 8
    frames: int = 8
    negatives: int = 7


class TrainingStep:
    """One step of training by call: forward, backward, AdamW, by the optimizer of our schedules.

    Args:
        sizes (StepSizes): Sizes.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of weights and pixels. Defaults to 0.
        backbone (Mapping, optional): Options of the backbone. Defaults to {}.
        amp (bool, optional): Under bfloat16 autocast. Defaults to False.
        ema (bool, optional): Average the weights after the step. Defaults to False.
        layer_decay (float, optional): Layer-wise decay of the learning rate. Defaults to None.
    """

    def __init__(
        self,
        sizes: StepSizes,
        device: str = 'cpu',
        seed: int = 0,
        backbone: Mapping = {},
        amp: bool = False,
        ema: bool = False,
        layer_decay: float | None = None,
    ) -> None:
        arch, b, t, k = sizes
        backbone = dict(backbone)
        if backbone.get('frozen_stages') == 'half':
            backbone['frozen_stages'] = get_arch(arch)['vision_cfg']['layers'] // 2
        classes = [f'action {index}' for index in range(4 * (1 + k))]
        head = dict(type='HardNegativeTextHead', arch=arch, classes=classes)
        neck = dict(type='TextGuidedTemporalHead', embed_dims=embed_dims(arch), num_frames=t)
        init_default_scope('mmaction')
        torch.manual_seed(seed)
        model = MODELS.build(
            dict(
                type='MGDM',
                backbone=dict(type='CLIPBackbone', arch=arch, **backbone),
                neck=neck,
                cls_head=head,
            )
        )
        with only_errors():  # they would log weights and groups
            model.init_weights()
            self.model = model.train().to(device)
            self.wrapper = build_optim_wrapper(self.model, _optim_wrapper(device, amp, layer_decay))
        self.inputs = torch.randn(b, t, 3, *image_size(arch), device=device)
        self.samples = []
        for ids in torch.arange(b * (1 + k)).view(b, 1 + k) % len(classes):
            sample = ActionDataSample().set_gt_label(int(ids[0])).to(device)
            sample.set_field(ids.numpy(), 'text_ids')
            self.samples.append(sample)
        self.ema, self.average = ema, None

    def loss(self) -> Tensor:
        """Compute the loss of the batch, in the precision of the step."""
        with self.wrapper.optim_context(self.model):
            return self.model.loss(self.inputs, self.samples)['loss_contrastive']

    def __call__(self) -> Tensor:
        """Make a step; return the loss before it, without its graph."""
        if self.ema and self.average is None:
            self.average = ExponentialMovingAverage(self.model, momentum=0.0002)
        loss = self.loss()
        self.wrapper.update_params(loss)
        if self.average is not None:
            self.average.update_parameters(self.model)
        return loss.detach()

    def held(self) -> int:
        """Bytes that stay between the steps; a step has been made."""
        tensors = list(self.model.parameters())
        if self.average is not None:
            tensors += self.average.module.parameters()
        for state in self.wrapper.optimizer.state.values():
            tensors += [value for value in state.values() if isinstance(value, Tensor)]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _optim_wrapper(device: str, amp: bool, layer_decay: float | None) -> dict:
    """The schedule's optimizer, its rates included."""
    config = dict(
        type='OptimWrapper',
        constructor='MGDMOptimWrapperConstructor',
        optimizer=dict(type='AdamW', lr=5e-5, weight_decay=0.2),
        paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
    )
    if layer_decay is not None:
        config['constructor'] = 'LayerDecayOptimWrapperConstructor'
        config['paramwise_cfg']['layer_decay_rate'] = layer_decay
    if amp and device.startswith('cuda'):
        # bfloat16 has the range of float32: nothing to scale.
        config.update(type='AmpOptimWrapper', dtype='bfloat16', loss_scale=1.0)
    elif amp:
        config['type'] = 'CPUAmpOptimWrapper'
    return config


def benchmark_step(sizes: StepSizes, repeats: int, device: str, seed: int) -> Iterator[str]:
    """Measure a step with the text bank against one that runs the text tower.

    The other side is the same step, before which b (1 + k) prompts go through the frozen text tower
    without gradient, as a recogniser without a text bank does it in every step.

    Args:
        sizes (StepSizes): Sizes.
        repeats (int): Pairs of runs.
        device (str): Device.
        seed (int): Seed of weights and pixels.

    Yields:
        str: A line to print.
    """
    arch, b, t, k = sizes
    step = TrainingStep(sizes, device, seed)
    clip = build_clip(arch).to(device)
    prompts = [f'This is a video about action {index}' for index in range(b * (1 + k))]
    tokens = tokenize(prompts, arch).to(device)

    def with_text_tower() -> None:
        with torch.no_grad():
            clip.encode_text(tokens)
        step()

    times = compare(step, with_text_tower, repeats, device)
    yield f'step: MGDM on {arch}, T = {t}, b = {b}, k = {k}; forward, backward, AdamW'
    yield f'  (ratio: median of {repeats} pairs, min-max)'
    yield f'  {"text bank":<38}{times.ours:8.3f} s'
    yield f'  {f"text tower on {len(tokens)} prompts a step":<38}{times.other:8.3f} s: {times}'


def benchmark_recipe(
    sizes: StepSizes, repeats: int, device: str, seed: int, controls: Mapping = CONTROLS
) -> Iterator[str]:
    """Measure time and memory of a training step under one control at a time.

    Args:
        sizes (StepSizes): Sizes.
        repeats (int): Pairs of runs.
        device (str): Device.
        seed (int): Seed of weights and pixels.
        controls (Mapping, optional): Those to measure. Defaults to :data:`CONTROLS`.

    Yields:
        str: A line to print.
    """
    arch, b, t, k = sizes
    large = sizes._replace(batch=_LARGER * b)
    yield f'recipe: MGDM on {arch}, T = {t}, b = {b}, k = {k}; a step with one control on'
    yield f'  (time against the plain step, median of {repeats} pairs, min-max; held: weights,'
    yield f'  state of AdamW, average; peak: what a step with b = {large.batch} adds to it)'
    base = TrainingStep(sizes, device, seed)
    base()
    plain = peak_memory(_second_step, (large, device, seed, {}), device)
    yield f'  {"plain":<38}{mib(base.held()):>38}{mib(plain):>12}'
    for name, options in controls.items():
        step = TrainingStep(sizes, device, seed, **options)
        times = compare(base, step, repeats, device)
        peak = peak_memory(_second_step, (large, device, seed, options), device)
        share = f' = {peak / plain:.2f} of plain' if peak and plain else ''
        yield f'  {name:<38}{str(times):<26}{mib(step.held()):>12}{mib(peak):>12}{share}'


def _second_step(sizes: StepSizes, device: str, seed: int, options: dict) -> Callable:
    """Prepare a step that finds the optimizer's state in place, as all but the first do."""
    step = TrainingStep(sizes, device, seed, **options)
    step()
    return step


def benchmark_tower(
    arch: str, batches: tuple[int, ...], steps: int, repeats: int, device: str, seed: int
) -> Iterator[str]:
    """Measure training under bfloat16 AMP.

    A table of clips a second and peak memory by batch, with and without checkpointing; then a run
    on one batch, whose losses and gradients should be finite; then the loss of one batch under
    bfloat16 and in float32.

    Args:
        arch (str): CLIP architecture.
        batches (tuple[int, ...]): Clips a batch; the first is that of the run and of the losses.
        steps (int): Steps of the run.
        repeats (int): Timed steps of each line of the table.
        device (str): Device.
        seed (int): Seed of weights and pixels.

    Yields:
        str: A line to print.
    """
    frames = TOWERS.get(arch, 16)
    yield f'towers: MGDM on {arch}, T = {frames}, k = 7; forward, backward, AdamW; bf16 AMP'
    yield f'  (median of {repeats} steps; memory: highest that PyTorch had allocated, all included)'
    yield f'  {"batch":>7}  {"checkpointing":<14}{"clips/s":>9}{"peak memory":>16}'
    for batch in batches:
        for with_cp in (False, True):
            options = dict(device=device, seed=seed, backbone=dict(with_cp=with_cp), amp=True)
            try:
                speed, peak = _speed(StepSizes(arch, batch, frames), options, repeats)
                found = f'{speed:9.1f}{mib(peak):>16}'
            except torch.OutOfMemoryError:
                found = f'{"no memory":>9}'
            yield f'  {batch:>7}  {"yes" if with_cp else "no":<14}{found}'
    sizes = StepSizes(arch, batches[0], frames)
    try:
        yield _finite_run(sizes, steps, device, seed)
        # The same weights and pixels in both: the seed sees to it.
        half, full = (
            float(TrainingStep(sizes, device, seed, amp=amp).loss().detach())
            for amp in (True, False)
        )
        yield (
            f'  loss of one batch of {sizes.batch}: bf16 {half:.5f}, float32 {full:.5f}, relative '
            f'difference {abs(half - full) / full:.1e}'
        )
    except torch.OutOfMemoryError:
        yield f'  {steps} steps, b = {sizes.batch}: no memory'


def _speed(sizes: StepSizes, options: dict, repeats: int) -> tuple[float, int | None]:
    """Clips a second, and bytes on a GPU."""
    device = options['device']
    cuda = device.startswith('cuda')
    gc.collect()
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    step = TrainingStep(sizes, **options)
    times = []
    for _ in range(_WARM_UP + repeats):
        wait(device)
        start = time.perf_counter()
        step()
        wait(device)
        times.append(time.perf_counter() - start)
    peak = torch.cuda.max_memory_allocated(device) if cuda else None
    return sizes.batch / statistics.median(times[_WARM_UP:]), peak


def _finite_run(sizes: StepSizes, steps: int, device: str, seed: int) -> str:
    step = TrainingStep(sizes, device, seed, amp=True)
    losses = [step() for _ in range(steps)]
    # A gradient that is not finite makes its weight so, for good.
    values = [*losses, *step.model.parameters()]
    verdict = 'all finite' if all(value.isfinite().all() for value in values) else 'NOT ALL FINITE'
    return (
        f'  {steps} steps on one batch of {sizes.batch}: loss {float(losses[0]):.4f} -> '
        f'{float(losses[-1]):.4f}; losses and weights {verdict}'
    )
