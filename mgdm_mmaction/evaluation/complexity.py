"""Operations and parameters of a config's model: as the paper counts them, and in full."""

import copy
import statistics
import time
from typing import NamedTuple

import torch
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook
from torch.utils.flop_counter import FlopCounterMode

from ..clip import build_clip, get_arch
from ..config import Attach, ParsedConfig
from ..models.recognizers import CLIPRecognizer, check_recognizer
from ..text.bank import TextBank
from .memory import Memory, estimate_memory

__all__ = ['Complexity', 'Count', 'ModuleCounter', 'clips_per_second', 'count_complexity']

_COUNTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class ModuleCounter:
    """Count what the Linear and Conv modules do that are called in a ``with`` block.

    ``nn.MultiheadAttention`` hands the weights of its projections to a function, so attention does
    not count, neither its work nor its parameters. That is how the common profilers count, and how
    the paper's table was made.

    Args:
        start (ModuleCounter, optional): Counts to continue from. Defaults to None.

    Attributes:
        macs (int): Multiply-adds. Adding a bias is none.

    Example:
        >>> with ModuleCounter() as counter:
        ...     _ = nn.Linear(4, 3)(torch.zeros(2, 4))
        >>> counter.macs, counter.params
        (24, 15)
    """

    def __init__(self, start: 'ModuleCounter | None' = None) -> None:
        self.macs = start.macs if start else 0
        self._called: dict[int, nn.Module] = dict(start._called) if start else {}

    @property
    def params(self) -> int:
        """int: Parameters of the modules called, each module once, with biases."""
        return sum(p.numel() for module in self._called.values() for p in module.parameters())

    def _add(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        if isinstance(module, _COUNTED):
            # An output value sums over a row of the weight: [out, in] or [out, in / groups, *].
            self.macs += output.numel() * module.weight[0].numel()
            self._called[id(module)] = module

    def __enter__(self) -> 'ModuleCounter':
        self._handle = register_module_forward_hook(self._add)
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.remove()


class Count(NamedTuple):
    """One row of the paper's table: multiply-adds of one clip, and parameters."""

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
        memory (Memory | None): Estimate for training; None without a ``train_dataloader``, for a
            trained text tower or an image tower that is no ViT.
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
    memory: Memory | None


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
        num_negatives (int, optional): k. Defaults to None: that of the training, or 7.

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
        num_negatives = Attach().k if cfg.k is None else cfg.k
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
        params=sum(p.numel() for p in model.parameters()),
        trained=sum(p.numel() for p in model.parameters() if p.requires_grad),
        text_bank=(len(bank.corpus), bank.embed_dims),
        memory=_memory(model, clip, num_negatives, cfg.config),
    )


@torch.no_grad()
def clips_per_second(cfg: ParsedConfig, seconds: float = 1.0) -> float:
    """Time the testing of a config's model, with random weights on random pixels of one view.

    Args:
        cfg (ParsedConfig): Config with a model of this package; the batch is that of its test.
        seconds (float, optional): Repeat it for so long, at least three times. Defaults to 1.0.

    Returns:
        float: From pixels to scores of all classes, on a GPU if there is one; the median.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = _build(cfg.config, device).eval()
    batch = (cfg.config.get('test_dataloader') or {}).get('batch_size', 1)
    size = getattr(model.backbone, 'image_size', (224, 224))
    clips = torch.rand(batch, model.num_frames, 3, *size, device=device)
    classes = model.encode_classes()
    times: list[float] = []
    while len(times) < 4 or sum(times) < seconds:
        start = time.perf_counter()
        model.score(model.encode_video(clips), classes).cpu()
        times.append(time.perf_counter() - start)
    return batch / statistics.median(times[1:])  # the first one warms up


def _build(cfg: Config, device: str = 'meta') -> CLIPRecognizer:
    """Build the model with random weights and empty text banks."""
    init_default_scope(cfg.get('default_scope', 'mmaction'))
    check_recognizer(cfg.get('model'))
    with torch.device(device):
        model = MODELS.build(copy.deepcopy(cfg.model))
    # The values do not matter: empty text banks are as good as full ones.
    for module in model.modules():
        if isinstance(module, TextBank):
            module.ready = True
    # Operations are counted once, also where training computes them again to save memory.
    if getattr(model.backbone, 'with_cp', False):
        model.backbone.visual.set_grad_checkpointing(False)
    return model


@torch.no_grad()
def _count_as_paper(model: CLIPRecognizer, clip: torch.Tensor, k: int) -> list[Count]:
    """CLIP: image tower on T frames, text tower on one prompt. The model: that and what it adds."""
    arch = model.text_bank.arch
    model.eval()
    with torch.device('meta'):
        text_tower = build_clip(arch)
    length = int(get_arch(arch)['text_cfg'].get('context_length', 77))
    with ModuleCounter() as texts:
        text_tower.encode_text(torch.zeros(1, length, dtype=torch.long, device='meta'))
    with ModuleCounter(texts) as counter:
        model.encode_frames(clip)
    table = [Count('CLIP', counter.macs, counter.params)]
    # A text tower that is trained runs within the training step itself.
    start = texts if model.text_bank.tower is None else None
    for number in sorted({0, k}):
        with ModuleCounter(start) as counter:
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


def _count_testing(model: CLIPRecognizer, clip: torch.Tensor) -> int:
    """FLOPs of one clip against all classes, their texts included."""
    model.eval()
    # With gradients: without, torch's counter fails where a module is given a view of a parameter.
    with FlopCounterMode(display=False) as counter:
        model.score(model.encode_video(clip), model.encode_classes())
    return counter.get_total_flops()


def _memory(model: CLIPRecognizer, clip: torch.Tensor, k: int, cfg: Config) -> Memory | None:
    """Memory of the batch of the config, on as many GPUs as make its global batch."""
    batch = (cfg.get('train_dataloader') or {}).get('batch_size')
    if not batch or model.text_bank.tower is not None:
        return None
    step = batch * (cfg.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    gpus = max((cfg.get('auto_scale_lr') or {}).get('base_batch_size', 0) // step, 1)
    return estimate_memory(model, clip.expand(batch, -1, -1, -1, -1), [_sample(k)] * batch, gpus)


def _sample(num_negatives: int) -> ActionDataSample:
    with torch.device('meta'):
        sample = ActionDataSample().set_gt_label(torch.zeros(1, dtype=torch.long))
        sample.set_field(torch.zeros(1 + num_negatives, dtype=torch.long), 'text_ids')
    return sample
