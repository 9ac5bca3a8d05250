"""A training step of MGDM with random weights and pixels, under any control of the recipe."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mgdm_mmaction.clip import embed_dims, image_size
from mgdm_mmaction.engine.optimizers.param_groups import only_errors

__all__ = ['StepSizes', 'TrainingStep', 'build_model', 'random_batch']


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


def build_model(sizes: StepSizes, num_texts: int, backbone: Mapping = {}) -> nn.Module:
    """Build a recogniser with random weights and no text bank yet.

    Args:
        sizes (StepSizes): Sizes.
        num_texts (int): Texts of its corpus.
        backbone (Mapping, optional): More options of the backbone. Defaults to {}.

    Returns:
        nn.Module: The model, in training mode.
    """
    init_default_scope('mmaction')
    config = dict(
        type='MGDM',
        backbone=dict(type='CLIPBackbone', arch=sizes.arch, **backbone),
        neck=dict(
            type='TextGuidedTemporalHead',
            embed_dims=embed_dims(sizes.arch),
            num_frames=sizes.frames,
        ),
        cls_head=dict(
            type='HardNegativeTextHead',
            arch=sizes.arch,
            classes=[f'action {index}' for index in range(num_texts)],
        ),
    )
    return MODELS.build(config).train()


def random_batch(sizes: StepSizes, device: str) -> tuple[Tensor, list[ActionDataSample]]:
    """Make a batch of noise, every video with texts of its own.

    Args:
        sizes (StepSizes): Sizes.
        device (str): Device.

    Returns:
        tuple[Tensor, list[ActionDataSample]]: Inputs [b, T, 3, H, W], and samples with text ids
        [1 + k].
    """
    _, b, t, k = sizes
    inputs = torch.randn(b, t, 3, *image_size(sizes.arch), device=device)
    samples = []
    for ids in torch.arange(b * (1 + k)).view(b, 1 + k):
        sample = ActionDataSample().set_gt_label(int(ids[0])).to(device)
        sample.set_field(ids.numpy(), 'text_ids')
        samples.append(sample)
    return inputs, samples


class TrainingStep:
    """One step of training by call: forward, backward, AdamW, by the optimizer of our schedules.

    The text bank is random: its numbers cost the same.

    Args:
        sizes (StepSizes): Sizes.
        device (str, optional): Device. Defaults to 'cpu'.
        seed (int, optional): Seed of weights and pixels. Defaults to 0.
        backbone (Mapping, optional): Options of the backbone: ``with_cp`` and the like.
            Defaults to {}.
        amp (bool, optional): Under bfloat16 autocast. Defaults to False.
        ema (bool, optional): Average the weights after the step. Defaults to False.
        layer_decay (float, optional): Layer-wise decay of the learning rate. Defaults to None.
        watch (bool, optional): Look for gradients that are not finite, for :attr:`finite`.
            Defaults to False.
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
        watch: bool = False,
    ) -> None:
        torch.manual_seed(seed)
        self.model = build_model(sizes, sizes.batch * (1 + sizes.negatives), backbone).to(device)
        head = self.model.cls_head
        head.text_bank.copy_(nn.functional.normalize(torch.randn_like(head.text_bank), dim=-1))
        head.has_bank = True
        self.batch = random_batch(sizes, device)
        with only_errors():  # it would log its groups
            self.wrapper = build_optim_wrapper(self.model, _optim_wrapper(device, amp, layer_decay))
        self.ema, self._average = ema, None
        self.watch, self._finite = watch, torch.ones((), dtype=torch.bool, device=device)

    @property
    def averaged(self) -> list[Tensor]:
        """list[Tensor]: The averaged weights, if there are any."""
        return [] if self._average is None else list(self._average.module.parameters())

    @property
    def finite(self) -> bool:
        """bool: Whether all losses and watched gradients so far were finite."""
        return bool(self._finite)

    def loss(self) -> Tensor:
        """Compute the loss of the batch, in the precision of the step.

        Returns:
            Tensor: A number.
        """
        with self.wrapper.optim_context(self.model):
            return self.model.loss(*self.batch)['loss_contrastive']

    def __call__(self) -> Tensor:
        """Make a step.

        Returns:
            Tensor: The loss before it, without its graph.
        """
        if self.ema and self._average is None:
            self._average = ExponentialMovingAverage(self.model, momentum=0.0002)
        loss = self.loss()
        self.wrapper.backward(loss)
        if self.watch:
            grads = [param.grad for param in self.model.parameters() if param.grad is not None]
            # Stays on the device: asking at every step would stop a GPU.
            for value in (loss.detach(), *grads):
                self._finite &= value.isfinite().all()
        self.wrapper.step()
        self.wrapper.zero_grad()
        if self._average is not None:
            self._average.update_parameters(self.model)
        return loss.detach()


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
