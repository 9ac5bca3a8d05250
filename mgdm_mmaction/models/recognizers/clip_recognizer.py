"""The contract of all recognisers of this package: videos against the texts of their classes."""

import contextlib
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import torch
from mmaction.models.recognizers import BaseRecognizer
from mmaction.registry import MODELS
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from ...errors import MGDMError
from ...text.bank import TextBank
from .architecture import check_architecture

__all__ = ['CLIPRecognizer', 'Explanation', 'FoldedRecognizer', 'Weights', 'check_recognizer']

AVERAGES = ('prob', 'score', 'sigmoid')

# Names of the bank's state inside the model, and in checkpoints, where they have always been flat.
_FLAT_KEYS = {
    'cls_head.text_bank.embeddings': 'cls_head.text_bank',
    'cls_head.text_bank._extra_state': 'cls_head._extra_state',
}


class Weights(NamedTuple):
    """What a model looked at, or found, in each view of each video.

    Args:
        values (Tensor): [N, views, ...].
        axes (tuple[str, ...]): What the axes behind [N, views] are: 'frames', 'regions',
            'classes', 'items', or 'rows' and 'columns' of a grid over what the model saw of a
            frame.
        names (list[str] | None): Names along the axis 'items', such as movements. Defaults to None.
    """

    values: Tensor
    axes: tuple[str, ...]
    names: list[str] | None = None


class Explanation(NamedTuple):
    """Scores of all classes with what they rest on.

    Args:
        logits (Tensor): float32 [N, views, C].
        weights (dict[str, Weights]): By what they are weights of, such as 'frames'.
    """

    logits: Tensor
    weights: dict[str, Weights]


class CLIPRecognizer(BaseRecognizer):
    """Base class: a CLIP image tower, a head with a :class:`TextBank`, and what lies between.

    A method writes :meth:`encode_video`, :meth:`encode_classes`, :meth:`similarity` and
    :meth:`training_loss`, and sets ``num_frames``; :meth:`explain` where it has something to show.
    Everything above the models (inference, export, evaluation, complexity, mining with a trained
    model, the page) works on these methods and knows no subclass.

    Args:
        backbone (dict): Config of :class:`CLIPBackbone`.
        cls_head (dict): Config of a head with the attribute ``text_bank`` and the method
            ``scale()``, which returns 1 / temperature. It may have a ``threshold``, see
            :class:`HardNegativeTextHead`.
        neck (dict, optional): Config of what turns frame embeddings into a video. Defaults to None.
        data_preprocessor (dict, optional): Config of MMAction2's ``ActionDataPreprocessor``,
            ``format_shape='NCHW'``. Defaults to None.
        train_cfg (dict, optional): Unused, as other recognisers have it. Defaults to None.
        test_cfg (dict, optional): ``average_clips``: 'prob' averages the probabilities of the clips
            and crops of a video, 'score' their logits, 'sigmoid' the probabilities of each class by
            itself, for several labels a video. Defaults to ``dict(average_clips='prob')``.

    Attributes:
        num_frames (int): Frames T of a clip.

    Raises:
        ValueError: If ``average_clips`` is unknown.
    """

    num_frames: int

    #: Parts that only :meth:`encode_classes` runs: their result replaces them in :meth:`folded`.
    text_parts: ClassVar[tuple[str, ...]] = ('cls_head.text_bank',)

    #: Whether the loss contrasts the videos of a batch, so that accumulated ones are no larger one.
    contrasts: bool = False

    def __init__(
        self,
        backbone: dict,
        cls_head: dict,
        neck: dict | None = None,
        data_preprocessor: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            backbone,
            cls_head=cls_head,
            neck=neck,
            train_cfg=train_cfg,
            test_cfg=test_cfg,
            # Built here: MMEngine's base class would look for it in its own registry wherever no
            # default scope is set.
            data_preprocessor=MODELS.build(
                data_preprocessor or dict(type='ActionDataPreprocessor')
            ),
        )
        self.average_clips = (test_cfg or {}).get('average_clips', 'prob')
        if self.average_clips not in AVERAGES:
            raise ValueError(
                f'`test_cfg.average_clips` should be one of {AVERAGES}, but got '
                f"'{self.average_clips}'"
            )
        width = getattr(self.backbone, 'embed_dims', None)
        for name, part in (('neck', neck and self.neck), ('cls_head', self.cls_head)):
            own = getattr(getattr(part, 'text_bank', part), 'embed_dims', width)
            if width is not None and own != width:
                raise ValueError(
                    f"`{name}` is {own} wide, but `backbone.arch` '{self.backbone.arch}' embeds in "
                    f'{width} dimensions: set `neck.embed_dims` to {width} and `cls_head.arch` to '
                    'that of the backbone'
                )
        self._class_texts: dict[bool, Any] = {}
        self._register_state_dict_hook(_flatten_text_keys)

    # What a method defines.

    def encode_video(self, inputs: Tensor) -> Tensor:
        """Turn frames into what is compared with texts.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].

        Returns:
            Tensor: [N, views, ...].
        """
        raise NotImplementedError

    def encode_classes(self) -> Any:
        """Turn all classes of the data set into what videos are compared with: tensors, nested."""
        raise NotImplementedError

    def encode_labels(self, text_ids: Tensor) -> Any:
        """Turn labels of the corpus, each by itself, into what :meth:`similarity` takes.

        Args:
            text_ids (Tensor): Corpus ids, int [n].
        """
        raise NotImplementedError(f'{type(self).__name__} compares videos with its classes alone')

    def similarity(self, video: Tensor, classes: Any) -> Tensor:
        """Compare videos with classes, before the temperature.

        Args:
            video (Tensor): Result of :meth:`encode_video`, float32 [N, views, ...].
            classes (Any): Result of :meth:`encode_classes`, float32.

        Returns:
            Tensor: [N, views, C].
        """
        raise NotImplementedError

    def training_loss(self, video: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Compute the loss of the global batch, gathered from all ranks.

        Args:
            video (Tensor): Result of :meth:`encode_video` [N, views, ...] of this rank.
            data_samples (list[ActionDataSample]): One a video.

        Returns:
            dict[str, Tensor]: MMEngine adds up what has 'loss' in its name and logs all of it.
        """
        raise NotImplementedError

    @torch.no_grad()
    def explain(self, inputs: Tensor) -> Explanation:
        """Score all classes, with the weights that the scores rest on.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
        """
        return Explanation(self.score(self.encode_video(inputs), self.class_texts()), {})

    # What all methods share.

    @property
    def text_bank(self) -> TextBank:
        """TextBank: The labels and their CLIP embeddings."""
        return self.cls_head.text_bank

    @property
    def text_edges(self) -> list[tuple[int, int]]:
        """list[tuple[int, int]]: Corpus ids of labels that belong together, for figures."""
        return []

    def set_classes(self, names: Sequence[str]) -> None:
        """Recognise other classes from now on, without training (open vocabulary).

        Args:
            names (Sequence[str]): The new class names, in label order.
        """
        self.text_bank.set_classes(names)
        self._class_texts.clear()

    def class_texts(self) -> Any:
        """Return :meth:`encode_classes`, computed once until the weights may have changed.

        That is: until ``train()``, ``eval()``, ``to()``, a checkpoint or other classes. In
        training, and where gradients are wanted, it is computed anew.
        """
        if self.training or torch.is_grad_enabled():
            return self.encode_classes()
        key = autocast_enabled(self.text_bank.class_ids.device)
        if key not in self._class_texts:
            self._class_texts[key] = self.encode_classes()
        return self._class_texts[key]

    def score(self, video: Tensor, classes: Any) -> Tensor:
        """Score classes for videos.

        Args:
            video (Tensor): Result of :meth:`encode_video` [N, views, ...].
            classes (Any): Result of :meth:`class_texts` or :meth:`encode_classes`.

        Returns:
            Tensor: Logits [N, views, C], in float32 at least, also under autocast.
        """
        with full_precision(video):
            video, classes = tree_map(as_float, (video, classes))
            similarity = self.similarity(video, classes)
            threshold = getattr(self.cls_head, 'threshold', None)
            if threshold is not None:
                similarity = similarity - threshold
            return self.cls_head.scale() * similarity

    def probabilities(self, logits: Tensor) -> Tensor:
        """Turn logits [..., C] into probabilities: of one class of all, or of each by itself."""
        return logits.sigmoid() if self.average_clips == 'sigmoid' else logits.softmax(-1)

    def average(self, logits: Tensor) -> Tensor:
        """Average the views of videos as ``average_clips`` says: [N, views, C] to [N, C]."""
        scores = logits if self.average_clips == 'score' else self.probabilities(logits)
        return scores.mean(1)

    def encode_frames(
        self, inputs: Tensor, embed: Callable[[Tensor], Tensor] | None = None
    ) -> Tensor:
        """Embed each frame with the image tower.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
            embed (Callable, optional): What to do with images [n, 3, H, W] instead.
                Defaults to None.

        Returns:
            Tensor: Frame embeddings [N, views, T, D], or what ``embed`` returns, split likewise.

        Raises:
            MGDMError: If the number of frames is no multiple of T.
        """
        num_frames = self.num_frames
        if inputs.dim() != 5 or inputs.shape[1] % num_frames:
            raise MGDMError(
                f'inputs should be [videos, views x {num_frames}, 3, H, W], because the model was '
                f'built for clips of {num_frames} frames (`neck.num_frames`), but got '
                f'{[int(size) for size in inputs.shape]}: sample {num_frames} frames a clip in the '
                "pipeline and end it with FormatShape(input_format='NCHW'); for MMAction2's "
                f'get_flops.py, --shape {num_frames} 3 HEIGHT WIDTH'
            )
        frames = (embed or self.backbone)(inputs.flatten(0, 1))  # [N * views * T, D]
        # Not len(inputs), which an exported graph would take for a constant.
        return frames.unflatten(0, (inputs.shape[0], -1, num_frames))

    def extract_feat(
        self, inputs: Tensor, stage: str = 'head', data_samples=None, test_mode: bool = False
    ) -> tuple[Tensor, dict]:
        """Extract features of all views of each video; MMAction2 calls it.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
            stage (str): 'backbone' for CLIP's frame embeddings, 'neck' for :meth:`encode_video`,
                'head' for the logits over the data set's classes. Defaults to 'head'.
            data_samples (list, optional): Not used. Defaults to None.
            test_mode (bool): Not used. Defaults to False.

        Returns:
            tuple[Tensor, dict]: [N, views, T, D], [N, views, ...] or logits [N, views, C]; nothing.

        Raises:
            ValueError: If ``stage`` is unknown.
        """
        if stage == 'backbone':
            return self.encode_frames(inputs), {}
        if stage == 'neck':
            return self.encode_video(inputs), {}
        if stage == 'head':
            return self.score(self.encode_video(inputs), self.class_texts()), {}
        raise ValueError(f"`stage` should be 'backbone', 'neck' or 'head', but got '{stage}'")

    def loss(self, inputs: Tensor, data_samples: list, **kwargs) -> dict[str, Tensor]:
        """Compute the loss of a batch; MMEngine's training step.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
            data_samples (list[ActionDataSample]): One a video.
            **kwargs: Not used.

        Returns:
            dict[str, Tensor]: See :meth:`training_loss`.
        """
        return self.training_loss(self.encode_video(inputs), data_samples)

    def predict(self, inputs: Tensor, data_samples: list, **kwargs) -> list:
        """Score all classes of the data set, averaged over the views of each video.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
            data_samples (list[ActionDataSample]): One a video.
            **kwargs: Not used.

        Returns:
            list[ActionDataSample]: The same with ``pred_score`` [C], probabilities or, with
            ``average_clips='score'``, logits, and ``pred_label``.
        """
        if not hasattr(self.cls_head, 'text_bank'):
            # MMAction2's clip_feature_extraction.py swaps the head for one that passes on.
            video = self.encode_video(inputs).flatten(0, 1)  # [N x views, ..., D]
            return self.cls_head.predict(video.flatten(1, -2).mean(1), data_samples)
        logits, _ = self.extract_feat(inputs)  # [N, views, C]
        scores = self.average(logits)
        labels = scores.argmax(-1, keepdim=True)
        for sample, score, label in zip(data_samples, scores, labels, strict=True):
            sample.set_pred_score(score)
            sample.set_pred_label(label)
        return data_samples

    def _forward(self, inputs: Tensor, stage: str = 'head', **kwargs) -> Tensor:
        """Return the features of a stage; see :meth:`extract_feat`."""
        return self.extract_feat(inputs, stage=stage)[0]

    def folded(self) -> 'FoldedRecognizer':
        """Return a copy as a plain module, the texts of the classes folded in, for export."""
        return FoldedRecognizer(self)

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Say at which depth a parameter lies, for MMPretrain's layer-wise learning-rate decay.

        Args:
            param_name (str): Name of the parameter.

        Returns:
            tuple[int, int]: Layer id, and the number of layers.
        """
        return self.backbone.get_layer_depth(param_name, prefix='backbone.')

    def train(self, mode: bool = True) -> 'CLIPRecognizer':
        """Switch between training and evaluation, and forget the texts of the classes."""
        self._class_texts.clear()
        return super().train(mode)

    def _apply(self, *args, **kwargs) -> 'CLIPRecognizer':
        self._class_texts.clear()
        return super()._apply(*args, **kwargs)

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Refuse a checkpoint of another architecture, which MMEngine would load in part."""
        self._class_texts.clear()
        # The state of a model that FSDP has sharded cannot be asked for here; its strategy checks.
        if '_fsdp_wrapped_module.' not in prefix:
            check_architecture(self.state_dict(), state_dict, prefix)
        for name, flat in _FLAT_KEYS.items():
            if prefix + flat in state_dict:
                state_dict[prefix + name] = state_dict.pop(prefix + flat)
        super()._load_from_state_dict(state_dict, prefix, *args)


def _flatten_text_keys(module: nn.Module, state_dict: dict, prefix: str, local_metadata) -> None:
    for name, flat in _FLAT_KEYS.items():
        if prefix + name in state_dict:
            state_dict[prefix + flat] = state_dict.pop(prefix + name)


def as_float(x: Any) -> Any:
    """Return half-precision tensors as float32, everything else as it is."""
    half = isinstance(x, Tensor) and x.dtype in (torch.float16, torch.bfloat16)
    return x.float() if half else x


def autocast_enabled(device: torch.device) -> bool:
    """Return whether autocast is on, also for devices that have none."""
    kind = device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def full_precision(x: Tensor) -> contextlib.AbstractContextManager:
    """Switch autocast off on a tensor's device, where it is on.

    Only there: an exported graph should not hold the switch.
    """
    if autocast_enabled(x.device):
        return torch.autocast(x.device.type, enabled=False)
    return contextlib.nullcontext()


class FoldedRecognizer(nn.Module):
    """A recogniser without its text side: the texts of the classes are constants.

    Neither text tower nor corpus remain, nor what :attr:`CLIPRecognizer.text_parts` names. All
    else is a copy, so that later training of the recogniser changes nothing here.

    Args:
        recognizer (CLIPRecognizer): The trained recogniser.

    Attributes:
        num_frames (int): Frames T of a clip.
        image_size (tuple[int, int]): Height and width of a frame.
    """

    def __init__(self, recognizer: CLIPRecognizer) -> None:
        super().__init__()
        self.num_frames = recognizer.num_frames
        self.image_size = tuple(recognizer.backbone.image_size)
        with torch.no_grad():
            constants, self._structure = tree_flatten(recognizer.encode_classes())
        self._names = [f'class_texts_{i}' for i in range(len(constants))]
        for name, value in zip(self._names, constants, strict=True):
            self.register_buffer(name, value.detach().clone())
        self.recognizer = copy.deepcopy(recognizer).eval()
        for part in (*recognizer.text_parts, 'data_preprocessor'):
            parent, _, name = part.rpartition('.')
            delattr(self.recognizer.get_submodule(parent), name)
        for module in self.recognizer.modules():
            # Recomputing saves memory in training; in an exported graph it would be a detour.
            if hasattr(module, 'grad_checkpointing'):
                module.grad_checkpointing = False
        self.recognizer.class_texts = self._constants
        self.float().eval().requires_grad_(False)

    def _constants(self) -> Any:
        return tree_unflatten([getattr(self, name) for name in self._names], self._structure)

    def forward(self, frames: Tensor) -> Tensor:
        """Score all classes.

        Args:
            frames (Tensor): Normalised clips [N, T, 3, H, W].

        Returns:
            Tensor: Logits [N, C], float32.
        """
        return self.recognizer.score(self.recognizer.encode_video(frames), self._constants())[:, 0]

    def forward_explained(self, frames: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Score all classes, and return the weights that the scores rest on.

        Args:
            frames (Tensor): Normalised clips [N, T, 3, H, W].

        Returns:
            tuple[Tensor, dict[str, Tensor]]: Logits [N, C], and by name the values of
            :meth:`CLIPRecognizer.explain` without their axis of views.
        """
        logits, weights = self.recognizer.explain(frames)
        return logits[:, 0], {name: found.values[:, 0] for name, found in weights.items()}


def check_recognizer(model: Mapping | None) -> None:
    """Refuse a model that is no recogniser of this package.

    Args:
        model (Mapping | None): The model's config.

    Raises:
        MGDMError: If it is of another class, or there is none.
    """
    name = model.get('type') if isinstance(model, Mapping) else None
    kind = MODELS.get(name) if isinstance(name, str) else name
    if not (isinstance(kind, type) and issubclass(kind, CLIPRecognizer)):
        raise MGDMError(
            f'model.type is {name!r}, no CLIPRecognizer such as MGDM: for the models of MMAction2 '
            'take its own tools and its ActionRecogInferencer'
        )
