"""The recogniser that ties the video side, the text side and the loss together."""

from collections.abc import Sequence

import torch
from mmaction.models.recognizers import BaseRecognizer
from mmaction.registry import MODELS
from torch import Tensor

from ...errors import MGDMError
from ..layers.gather import all_gather_batch
from ..losses.training_curves import training_curves
from .architecture import check_architecture

__all__ = ['MGDM']

STAGES = ('backbone', 'neck', 'head')
AVERAGES = ('prob', 'score')


@MODELS.register_module()
class MGDM(BaseRecognizer):
    """Augmented-negative multi-granularity discrimination model for action recognition.

    MGDM, DOI 10.11959/j.issn.1000-436x.2024268. A batch flows through the CLIP image tower
    (``backbone``), the text-guided temporal head (``neck``) and meets the texts of
    ``cls_head``: in training each video's label with its mined hard negatives, gathered over
    all ranks, in testing all classes of the data set.

    Args:
        backbone (dict): Config of :class:`CLIPBackbone`.
        neck (dict): Config of :class:`TextGuidedTemporalHead`.
        cls_head (dict): Config of :class:`HardNegativeTextHead`.
        loss (dict, optional): Config of :class:`AugmentedContrastiveLoss`.
            Defaults to ``dict(type='AugmentedContrastiveLoss')``.
        data_preprocessor (dict, optional): Config of MMAction2's ``ActionDataPreprocessor``,
            ``format_shape='NCHW'``. Defaults to None.
        train_cfg (dict, optional): Unused, as other recognisers have it. Defaults to None.
        test_cfg (dict, optional): ``average_clips``: 'prob' averages the probabilities of the clips
            and crops of a video, 'score' their logits. Defaults to ``dict(average_clips='prob')``.

    Raises:
        ValueError: If ``average_clips`` is unknown.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        cls_head: dict,
        loss: dict | None = None,
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
        self.loss_module = MODELS.build(loss or dict(type='AugmentedContrastiveLoss'))
        self.average_clips = (test_cfg or {}).get('average_clips', 'prob')
        if self.average_clips not in AVERAGES:
            raise ValueError(
                f'`test_cfg.average_clips` should be one of {AVERAGES}, but got '
                f"'{self.average_clips}'"
            )
        self._ids_checked = False

    def extract_feat(
        self, inputs: Tensor, stage: str = 'head', data_samples=None, test_mode: bool = False
    ) -> tuple[Tensor, dict]:
        """Extract features of all views of each video.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
            stage (str): 'backbone' for CLIP's frame embeddings, 'neck' for the deep ones, 'head'
                for the logits over the data set's classes. Defaults to 'head'.
            data_samples (list, optional): Not used. Defaults to None.
            test_mode (bool): Not used. Defaults to False.

        Returns:
            tuple[Tensor, dict]: Embeddings [N, views, T, D] or logits [N, views, C], and nothing.

        Raises:
            ValueError: If ``stage`` is unknown.
            MGDMError: If the number of frames is no multiple of T.
        """
        if stage not in STAGES:
            raise ValueError(f"`stage` should be one of {STAGES}, but got '{stage}'")
        num_frames = self.neck.num_frames
        if inputs.dim() != 5 or inputs.shape[1] % num_frames:
            raise MGDMError(
                f'inputs should be [videos, views x {num_frames}, 3, H, W], because the model was '
                f'built with `neck.num_frames={num_frames}`, but got {list(inputs.shape)}: sample '
                f'{num_frames} frames a clip in the pipeline and end it with '
                "FormatShape(input_format='NCHW')"
            )
        num_videos, num_views = inputs.shape[0], inputs.shape[1] // num_frames
        frames = self.backbone(inputs.flatten(0, 1))  # [N * views * T, D]
        frames = frames.unflatten(0, (-1, num_frames))
        if stage != 'backbone':
            frames = self.neck(frames)
        if stage == 'head':
            guides, texts = self.cls_head.encode_classes()
            frames = self._logits(frames, guides, texts[:, None]).squeeze(-1)
        return frames.unflatten(0, (num_videos, num_views)), {}

    def loss(self, inputs: Tensor, data_samples: list, **kwargs) -> dict:
        """Compute the loss of a batch, over the batches of all ranks (eq. 4-9).

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W]; each view counts as a video.
            data_samples (list[ActionDataSample]): With ``text_ids`` from
                :class:`AttachHardNegatives`; without, k = 0 and ``gt_label`` alone is used.
            **kwargs: Not used.

        Returns:
            dict: ``loss_contrastive``, and for the log alone ``kl_video_to_text`` and
            ``kl_text_to_video``, of which the loss is the mean, and :func:`training_curves`.
        """
        frames, _ = self.extract_feat(inputs, stage='neck')
        num_views = frames.shape[1]
        text_ids = self._text_ids(data_samples).to(frames.device)
        frames, text_ids = all_gather_batch(
            frames.flatten(0, 1), text_ids.repeat_interleave(num_views, dim=0)
        )
        guides, texts = self.cls_head(text_ids)
        logits = self._logits(frames, guides, texts)  # [B, B, 1 + k]
        batch = (logits.flatten(1), text_ids[:, 0], text_ids.flatten())
        losses = dict(loss_contrastive=self.loss_module(*batch))
        # For the log alone: MMEngine adds up what has 'loss' in its name, and nothing else.
        if hasattr(self.loss_module, 'directions'):
            directions = self.loss_module.directions(*batch)
            losses.update(zip(('kl_video_to_text', 'kl_text_to_video'), directions, strict=True))
        scale = self.cls_head.logit_scale.detach().exp()
        return losses | training_curves(logits.detach(), text_ids, scale)

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
        logits, _ = self.extract_feat(inputs)  # [N, views, C]
        scores = logits.softmax(-1) if self.average_clips == 'prob' else logits
        scores = scores.mean(1)
        labels = scores.argmax(-1, keepdim=True)
        for sample, score, label in zip(data_samples, scores, labels, strict=True):
            sample.set_pred_score(score)
            sample.set_pred_label(label)
        return data_samples

    @torch.no_grad()
    def explain(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Score all classes, and say which frames each of them looked at (eq. 15).

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].

        Returns:
            tuple[Tensor, Tensor]: Logits [N, views, C], and the text-guided attention
            [N, views, T, C], which sums to 1 over the frames of a view.
        """
        frames, _ = self.extract_feat(inputs, stage='neck')  # [N, views, T, D]
        views = frames.flatten(0, 1)
        guides, texts = self.cls_head.encode_classes()
        logits = self._logits(views, guides, texts[:, None]).squeeze(-1)
        with torch.autocast(frames.device.type, enabled=False):
            attention = self.neck.attention(views.float(), guides.float())
        shape = frames.shape[:2]
        return logits.unflatten(0, shape), attention.unflatten(0, shape)

    def _forward(self, inputs: Tensor, stage: str = 'head', **kwargs) -> Tensor:
        """Return the features of a stage; see :meth:`extract_feat`."""
        return self.extract_feat(inputs, stage=stage)[0]

    def get_layer_depth(self, param_name: str) -> tuple[int, int]:
        """Say at which depth a parameter lies, for MMPretrain's layer-wise learning-rate decay.

        Args:
            param_name (str): Name of the parameter.

        Returns:
            tuple[int, int]: Layer id, and the number of layers.
        """
        return self.backbone.get_layer_depth(param_name, prefix='backbone.')

    def set_classes(self, names: Sequence[str]) -> None:
        """Recognise other classes from now on, without training (open vocabulary).

        Args:
            names (Sequence[str]): The new class names, in label order.
        """
        self.cls_head.set_classes(names)

    def _logits(self, frames: Tensor, guides: Tensor, texts: Tensor) -> Tensor:
        """Scaled scores [B, G, M], in float32 at least, also under autocast."""
        with torch.autocast(frames.device.type, enabled=False):
            frames, guides, texts = (
                x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
                for x in (frames, guides, texts)
            )
            return self.cls_head.scale() * self.neck.similarity(frames, guides, texts)

    def _text_ids(self, data_samples: list) -> Tensor:
        """Collect the corpus ids [N, 1 + k], positive first, of a training batch."""
        labels = torch.cat([sample.gt_label for sample in data_samples])
        positives = self.cls_head.class_ids[labels]
        if 'text_ids' not in data_samples[0]:
            return positives[:, None]
        text_ids = torch.stack([torch.as_tensor(sample.text_ids) for sample in data_samples])
        text_ids = text_ids.to(positives.device)
        # Once is enough: a negatives file of another corpus is wrong in every batch.
        if not self._ids_checked and not torch.equal(text_ids[:, 0], positives):
            raise MGDMError(
                'the negatives file and the model disagree on the ids of the labels: mine again '
                'with this config, so that both use `cls_head.classes` and `cls_head.extra_labels`'
            )
        self._ids_checked = True
        return text_ids

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args) -> None:
        """Refuse a checkpoint of another architecture, which MMEngine would load in part."""
        # The state of a model that FSDP has sharded cannot be asked for here; its strategy checks.
        if '_fsdp_wrapped_module.' not in prefix:
            check_architecture(self.state_dict(), state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)
