"""Memory that training takes on each GPU, estimated from the architecture."""

from typing import NamedTuple

import torch
from torch.autograd.graph import saved_tensors_hooks

from ..clip import get_arch
from ..models.backbones import CLIPBackbone
from ..models.recognizers import CLIPRecognizer

__all__ = ['Memory', 'estimate_memory', 'tower_bytes', 'transformer_bytes']


class Memory(NamedTuple):
    """Bytes on each GPU under bfloat16 autocast, with AdamW and DDP.

    Args:
        batch (int): Clips of a GPU.
        gpus (int): GPUs whose clips the loss contrasts.
        state (int): Weights in float32 and their bfloat16 copies, gradients, DDP's buckets and
            AdamW's moments.
        head (int): What neck, head and loss keep for the backward pass, in float32.
        tower (dict[bool, int]): The most that the image tower holds, by ``with_cp``.
        with_cp (bool): What the config says.
    """

    batch: int
    gpus: int
    state: int
    head: int
    tower: dict[bool, int]
    with_cp: bool

    @property
    def total(self) -> int:
        """int: The sum, as the config is."""
        return self.state + self.head + self.tower[self.with_cp]


def transformer_bytes(tokens: float, dims: int, blocks: int, mlp_ratio: float) -> dict[bool, int]:
    r"""Bytes that the blocks of a CLIP tower hold in the backward pass, by ``with_cp``.

    A block of width D keeps for each token, in bytes: :math:`2 \cdot 4D` for the float32 inputs of
    both norms, :math:`10D` for the input of attention, queries, keys, values and its output,
    :math:`2D` for the input of the MLP and :math:`3 \cdot 2rD` for its r times wider layer under
    QuickGELU (OpenAI's activation; GELU has two of these three). Fused attention keeps no scores.
    With checkpointing a block keeps :math:`2D`, its input, and one at a time has all. Gradients
    inside a block take another :math:`3 \cdot 2rD`, once.
    """
    hidden = 3 * 2 * mlp_ratio * dims
    block = 20 * dims + hidden
    if not blocks:
        return {False: 0, True: 0}
    return {
        False: int(tokens * (blocks * block + hidden)),
        True: int(tokens * (blocks * 2 * dims + block + hidden)),
    }


def tower_bytes(backbone: CLIPBackbone, num_images: int) -> dict[bool, int] | None:
    """Bytes that an image tower holds in the backward pass, its input included, by ``with_cp``.

    Args:
        backbone (CLIPBackbone): The tower.
        num_images (int): Frames of all clips of a GPU.

    Returns:
        dict[bool, int] | None: The bytes; None for a tower that is no ViT of open_clip.
    """
    if backbone.num_layers is None:
        return None
    vision = get_arch(backbone.arch)['vision_cfg']
    height, width = backbone.image_size
    kept = 1 - getattr(backbone.visual.patch_dropout, 'prob', 0)
    tokens = num_images * (height * width // vision['patch_size'] ** 2 * kept + 1)
    # 'all_but_norm' keeps nearly as much as if nothing were frozen.
    frozen = {'all': backbone.num_layers, 'all_but_norm': -1}.get(
        backbone.frozen_stages, backbone.frozen_stages
    )
    blocks = backbone.num_layers - max(frozen, 0)
    found = transformer_bytes(tokens, vision['width'], blocks, vision.get('mlp_ratio', 4))
    pixels = num_images * 3 * height * width
    stem = 4 * pixels
    if frozen < 0:  # pixels in bfloat16 for the patches, and the input of the first norm
        stem += 2 * pixels + int(tokens * 4 * vision['width'])
    return {with_cp: stem + size for with_cp, size in found.items()}


def estimate_memory(
    model: CLIPRecognizer, clips: torch.Tensor, samples: list, gpus: int = 1
) -> Memory | None:
    """Estimate what a training step takes; the model cannot be used afterwards.

    Args:
        model (CLIPRecognizer): On PyTorch's meta device, its tower without checkpointing.
        clips (Tensor): Normalised frames of the batch of a GPU [N, T, 3, H, W], on that device.
        samples (list[ActionDataSample]): One a clip.
        gpus (int, optional): Whose clips the loss contrasts. Defaults to 1.

    Returns:
        Memory | None: The estimate; None where the image tower is no ViT of open_clip.
    """
    tower = tower_bytes(model.backbone, clips.shape[0] * clips.shape[1])
    if tower is None:
        return None
    parameters = list(model.parameters())
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    # The towers are estimated, not counted: without a GPU, attention keeps its scores.
    model.train()
    model.backbone.requires_grad_(False)
    own = {p.untyped_storage()._cdata for p in parameters}
    kept: dict[int, torch.UntypedStorage] = {}

    def keep(saved: torch.Tensor) -> torch.Tensor:
        storage = saved.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return saved

    with saved_tensors_hooks(keep, lambda saved: saved):
        video = model.encode_video(clips)
        model.training_loss(torch.cat([video] * gpus), samples * gpus)
    return Memory(
        batch=len(clips),
        gpus=gpus,
        state=6 * sum(p.numel() for p in parameters) + (12 + 4 * (gpus > 1)) * trained,
        head=sum(storage.nbytes() for storage in kept.values()),
        tower=tower,
        with_cp=model.backbone.with_cp,
    )
