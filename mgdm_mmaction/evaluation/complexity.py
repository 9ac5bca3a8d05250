"""Operations and parameters of a config's model: as the paper counts them, and in full."""

import copy
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..clip import build_clip, get_arch
from ..errors import MGDMError
from .module_counter import count_modules

__all__ = ['Complexity', 'Count', 'count_complexity']


class Count(NamedTuple):
    """One row of the paper's table.

    Args:
        name (str): What was counted.
        macs (int): Multiply-adds of one clip.
        params (int): Parameters.
    """

    name: str
    macs: int
    params: int


class Complexity(NamedTuple):
    """All counts of a model, for one clip.

    Args:
        arch (str): CLIP architecture.
        num_frames (int): Frames T of the clip.
        image_size (tuple[int, int]): Height and width of the frames.
        num_negatives (int): k in training.
        num_classes (int): Classes in testing.
        table (list[Count]): CLIP, MGDM with k = 0 and MGDM with k negatives, as the paper counts.
        train_forward (int): FLOPs of the forward pass in training.
        train_step (int): FLOPs of forward and backward pass.
        test (int): FLOPs of testing.
        params (int): Parameters of the model.
        trained (int): Those of them that are trained.
        text_bank (tuple[int, int]): Shape of the text bank.
    """

    arch: str
    num_frames: int
    image_size: tuple[int, int]
    num_negatives: int
    num_classes: int
    table: list[Count]
    train_forward: int
    train_step: int
    test: int
    params: int
    trained: int
    text_bank: tuple[int, int]


def count_complexity(
    cfg: Config, image_size: tuple[int, int] | None = None, num_negatives: int | None = None
) -> Complexity:
    """Count the operations and parameters of a config's model (MGDM, complexity table).

    The model is built on PyTorch's meta device: shapes without values. So nothing is loaded and
    ViT-L/14 takes a second.

    Args:
        cfg (Config): Config with an MGDM model.
        image_size (tuple[int, int], optional): Height and width of the frames. Defaults to None:
            those of the backbone.
        num_negatives (int, optional): k. Defaults to None: that of the training pipeline, or 7.

    Returns:
        Complexity: The counts for one clip.

    Raises:
        MGDMError: If the model is no MGDM, or does not take images of this size.

    Example:
        >>> cfg = Config.fromfile('configs/mgdm_k400.py')  # doctest: +SKIP
        >>> count_complexity(cfg).table[0].params  # doctest: +SKIP
        258719744
    """
    if num_negatives is None:
        num_negatives = _find_num_negatives(cfg.get('train_dataloader'))
    model = _build(cfg)
    height, width = image_size or getattr(model.backbone, 'image_size', (224, 224))
    num_frames = model.neck.num_frames
    clip = torch.zeros(1, num_frames, 3, height, width, device='meta')

    train_forward, train_step = _count_training(model, clip, num_negatives)
    return Complexity(
        arch=model.cls_head.arch,
        num_frames=num_frames,
        image_size=(height, width),
        num_negatives=num_negatives,
        num_classes=model.cls_head.num_classes,
        table=_count_as_paper(model, clip, num_negatives),
        train_forward=train_forward,
        train_step=train_step,
        test=_count_testing(model, clip),
        params=_num_params(model),
        trained=_num_params(model, trained=True),
        text_bank=tuple(model.cls_head.text_bank.shape),
    )


def _build(cfg: Config) -> nn.Module:
    model_cfg = copy.deepcopy(cfg.get('model'))
    if not model_cfg or model_cfg.get('type') != 'MGDM':
        found = model_cfg.get('type') if model_cfg else 'no model'
        raise MGDMError(
            f'the config has {found!r} where `model.type` should be MGDM; for other models use '
            "MMAction2's own tools/analysis_tools/get_flops.py"
        )
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    with torch.device('meta'):
        model = MODELS.build(model_cfg)
    # On this device nothing has values: an empty text bank is as good as a full one.
    model.cls_head.has_bank = True
    return model


@torch.no_grad()
def _count_as_paper(model: nn.Module, clip: torch.Tensor, num_negatives: int) -> list[Count]:
    """CLIP = image tower on T frames + text tower on one prompt; MGDM = that + the two stacks."""
    arch = model.cls_head.arch
    model.eval()
    with torch.device('meta'):
        text_tower = build_clip(arch)
    length = int(get_arch(arch)['text_cfg'].get('context_length', 77))
    with count_modules() as counter:
        frames = model.extract_feat(clip, stage='backbone')[0][0]
        text_tower.encode_text(torch.zeros(1, length, dtype=torch.long, device='meta'))
    table = [Count('CLIP', counter.macs, counter.params)]
    for k in sorted({0, num_negatives}):
        own = counter.copy()
        with count_modules(own):
            model.neck(frames)
            model.cls_head(_text_ids(k))
        table.append(Count(f'MGDM, k = {k}', own.macs, own.params))
    return table


def _count_training(model: nn.Module, clip: torch.Tensor, num_negatives: int) -> tuple[int, int]:
    """FLOPs of one clip with its own texts: the forward pass, and with the backward pass."""
    model.train()
    with FlopCounterMode(display=False) as counter:
        frames = model.extract_feat(clip, stage='neck')[0][0]
        scores = model.neck.similarity(frames, *model.cls_head(_text_ids(num_negatives)))
        forward = counter.get_total_flops()
        if scores.requires_grad:
            scores.sum().backward()
        return forward, counter.get_total_flops()


@torch.no_grad()
def _count_testing(model: nn.Module, clip: torch.Tensor) -> int:
    """FLOPs of one clip against all classes, whose texts are discriminated anew for every batch."""
    model.eval()
    with FlopCounterMode(display=False) as counter:
        frames = model.extract_feat(clip, stage='neck')[0][0]
        guides, texts = model.cls_head.encode_classes()
        model.neck.similarity(frames, guides, texts[:, None])
    return counter.get_total_flops()


def _text_ids(num_negatives: int) -> torch.Tensor:
    return torch.zeros(1, 1 + num_negatives, dtype=torch.long, device='meta')


def _num_params(model: nn.Module, trained: bool = False) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trained)


def _find_num_negatives(node: object) -> int:
    """Find k of AttachHardNegatives, however deep it lies in the wrappers of a loader."""
    found = list(_walk(node))
    return found[0].get('k', 7) if found else 7


def _walk(node: object):
    if isinstance(node, dict):
        if node.get('type') == 'AttachHardNegatives':
            yield node
        node = list(node.values())
    if isinstance(node, list | tuple):
        for item in node:
            yield from _walk(item)
