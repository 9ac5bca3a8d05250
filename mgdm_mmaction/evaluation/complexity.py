"""Operations and parameters of a config's model: as the paper counts them, and in full."""

import copy
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from ..clip import build_clip, get_arch
from ..config import Attach, ParsedConfig
from ..errors import MGDMError
from ..models import CLIPRecognizer
from .module_counter import ModuleCounter, count_modules

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
    cfg: ParsedConfig | Config,
    image_size: tuple[int, int] | None = None,
    num_negatives: int | None = None,
) -> Complexity:
    """Count the operations and parameters of a config's model (MGDM, complexity table).

    The model is built on PyTorch's meta device: shapes without values. So nothing is loaded and
    ViT-L/14 takes a second.

    Args:
        cfg (ParsedConfig | Config): Config with a model of this package.
        image_size (tuple[int, int], optional): Height and width of the frames. Defaults to None:
            those of the backbone.
        num_negatives (int, optional): k. Defaults to None: that of the training pipeline, or 7.

    Returns:
        Complexity: The counts for one clip.

    Raises:
        MGDMError: If the model is no recogniser of this package, or does not take images of this
            size.

    Example:
        >>> cfg = Config.fromfile('configs/mgdm_k400.py')  # doctest: +SKIP
        >>> count_complexity(cfg).table[0].params  # doctest: +SKIP
        258719744
    """
    cfg = ParsedConfig.of(cfg)
    if num_negatives is None:
        num_negatives = (cfg.attach or Attach()).k
    model = _build(cfg.config)
    height, width = image_size or getattr(model.backbone, 'image_size', (224, 224))
    clip = torch.zeros(1, model.num_frames, 3, height, width, device='meta')
    train_forward, train_step = _count_training(model, clip, num_negatives)
    bank = model.text_bank
    return Complexity(
        arch=bank.arch,
        num_frames=model.num_frames,
        image_size=(height, width),
        num_negatives=num_negatives,
        num_classes=len(bank.classes),
        table=_count_as_paper(model, clip, num_negatives),
        train_forward=train_forward,
        train_step=train_step,
        test=_count_testing(model, clip),
        params=_num_params(model),
        trained=_num_params(model, trained=True),
        text_bank=(len(bank.corpus), bank.embed_dims),
    )


def _build(cfg: Config) -> CLIPRecognizer:
    model_cfg = copy.deepcopy(cfg.get('model') or {})
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    kind = model_cfg.get('type')
    if isinstance(kind, str):
        kind = MODELS.get(kind)
    if not (isinstance(kind, type) and issubclass(kind, CLIPRecognizer)):
        raise MGDMError(
            f'the config has {model_cfg.get("type", "no model")!r} where `model.type` should be a '
            "recogniser of this package, such as MGDM; for other models use MMAction2's own "
            'tools/analysis_tools/get_flops.py'
        )
    with torch.device('meta'):
        model = MODELS.build(model_cfg)
    # On this device nothing has values: an empty text bank is as good as a full one.
    model.text_bank.ready = True
    return model


@torch.no_grad()
def _count_as_paper(model: CLIPRecognizer, clip: torch.Tensor, k: int) -> list[Count]:
    """CLIP: image tower on T frames, text tower on one prompt. The model: that and what it adds."""
    arch = model.text_bank.arch
    model.eval()
    with torch.device('meta'):
        text_tower = build_clip(arch)
    length = int(get_arch(arch)['text_cfg'].get('context_length', 77))
    with count_modules() as texts:
        text_tower.encode_text(torch.zeros(1, length, dtype=torch.long, device='meta'))
    with count_modules(texts.copy()) as counter:
        model.encode_frames(clip)
    table = [Count('CLIP', counter.macs, counter.params)]
    # A text tower that is trained runs within the training step itself.
    start = texts if model.text_bank.tower is None else ModuleCounter()
    for number in sorted({0, k}):
        with count_modules(start.copy()) as counter:
            model.training_loss(model.encode_video(clip), [_sample(number)])
        table.append(Count(f'{type(model).__name__}, k = {number}', counter.macs, counter.params))
    return table


def _count_training(model: CLIPRecognizer, clip: torch.Tensor, k: int) -> tuple[int, int]:
    """FLOPs of one clip with its own texts: the forward pass, and with the backward pass."""
    model.train()
    with FlopCounterMode(display=False) as counter:
        losses = model.training_loss(model.encode_video(clip), [_sample(k)])
        forward = counter.get_total_flops()
        loss = sum(value for name, value in losses.items() if 'loss' in name)
        if loss.requires_grad:
            loss.backward()
        return forward, counter.get_total_flops()


@torch.no_grad()
def _count_testing(model: CLIPRecognizer, clip: torch.Tensor) -> int:
    """FLOPs of one clip against all classes, their texts included."""
    model.eval()
    with FlopCounterMode(display=False) as counter:
        model.score(model.encode_video(clip), model.encode_classes())
    return counter.get_total_flops()


def _sample(num_negatives: int) -> ActionDataSample:
    with torch.device('meta'):
        sample = ActionDataSample().set_gt_label(torch.zeros(1, dtype=torch.long))
        sample.set_field(torch.zeros(1 + num_negatives, dtype=torch.long), 'text_ids')
    return sample


def _num_params(model: CLIPRecognizer, trained: bool = False) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trained)
