"""MGDM: videos against mined hard-negative texts, and texts against their hard negatives."""

from typing import ClassVar

import torch
from mmaction.registry import MODELS
from torch import Tensor

from ...errors import MGDMError
from ..layers.gather import all_gather_batch
from ..losses.training_curves import training_curves
from .clip_recognizer import CLIPRecognizer, Explanation, Weights, as_float, full_precision

__all__ = ['MGDM']


@MODELS.register_module()
class MGDM(CLIPRecognizer):
    """Augmented-negative multi-granularity discrimination model for action recognition.

    MGDM, DOI 10.11959/j.issn.1000-436x.2024268. A batch flows through the CLIP image tower
    (``backbone``), the text-guided temporal head (``neck``) and meets the texts of
    ``cls_head``: in training each video's label with its mined hard negatives, gathered over
    all ranks, in testing all classes of the data set.

    Args:
        backbone (dict): Config of :class:`CLIPBackbone`.
        neck (dict): Config of :class:`TextGuidedTemporalHead`.
        cls_head (dict): Config of :class:`HardNegativeTextHead`.
        loss (dict, optional): Config of :class:`AugmentedContrastiveLoss`; None leaves it out.
            Defaults to ``dict(type='AugmentedContrastiveLoss')``.
        class_loss (dict, optional): Config of :class:`ClassTextLoss`, over the texts of all
            classes as they are tested; it is added. Defaults to None.
        **kwargs: ``data_preprocessor``, ``train_cfg`` and ``test_cfg``, see
            :class:`CLIPRecognizer`.

    Raises:
        MGDMError: If there is no loss at all.
    """

    text_parts: ClassVar[tuple[str, ...]] = ('cls_head.text_bank', 'cls_head.discriminator')

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        cls_head: dict,
        loss: dict | None = dict(type='AugmentedContrastiveLoss'),  # noqa: B006 (read only)
        class_loss: dict | None = None,
        **kwargs,
    ) -> None:
        super().__init__(backbone, cls_head, neck, **kwargs)
        self.num_frames = self.neck.num_frames
        if not loss and not class_loss:
            raise MGDMError('MGDM needs a loss: set `model.loss`, `model.class_loss` or both')
        self.loss_module = MODELS.build(loss) if loss else None
        self.contrasts = self.loss_module is not None
        self.class_loss = MODELS.build(class_loss) if class_loss else None

    def encode_video(self, inputs: Tensor) -> Tensor:
        """Compute the deep frame embeddings (eq. 13-14).

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].

        Returns:
            Tensor: [N, views, T, D].
        """
        frames = self.encode_frames(inputs)
        return self.neck(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])

    def encode_classes(self) -> tuple[Tensor, Tensor]:
        """Return guides [C, D] and discriminated texts [C, D] of all classes (eq. 17-18)."""
        return self.cls_head.encode_classes()

    def encode_labels(self, text_ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return guides [n, D] and texts [n, D] of labels, each alone in the discriminator."""
        guides, texts = self.cls_head(text_ids[:, None])
        return guides, texts[:, 0]

    def similarity(self, video: Tensor, classes: tuple[Tensor, Tensor]) -> Tensor:
        """Compare videos [N, views, T, D] with classes, each guiding its own attention (eq. 15-16).

        Returns:
            Tensor: [N, views, C].
        """
        guides, texts = classes
        scores = self.neck.similarity(video.flatten(0, 1), guides, texts[:, None])
        return scores.squeeze(-1).unflatten(0, video.shape[:2])

    @torch.no_grad()
    def explain(self, inputs: Tensor) -> Explanation:
        """Score all classes, and say which frames each of them looked at (eq. 15).

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].

        Returns:
            Explanation: With the weights 'frames' [N, views, T, C], which sum to 1 over T.
        """
        video, classes = self.encode_video(inputs), self.class_texts()
        with full_precision(video):
            attention = self.neck.attention(as_float(video.flatten(0, 1)), as_float(classes[0]))
        attention = attention.unflatten(0, video.shape[:2])
        weights = {'frames': Weights(attention, ('frames', 'classes'))}
        return Explanation(self.score(video, classes), weights)

    def training_loss(self, video: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Contrast the videos of all ranks with the texts of all ranks (eq. 4-9), or classify them.

        Args:
            video (Tensor): Deep frame embeddings [N, views, T, D]; each view counts as a video.
            data_samples (list[ActionDataSample]): With ``text_ids`` from
                :class:`AttachHardNegatives`; without, k = 0 and ``gt_label`` alone is used.

        Returns:
            dict[str, Tensor]: What the losses return, and with the contrastive one
            :func:`training_curves` for the log.
        """
        losses: dict[str, Tensor] = {}
        if self.loss_module is not None:
            losses |= self._contrast(video, data_samples)
        if self.class_loss is not None:
            losses |= self.class_loss(self.score(video, self.encode_classes()), data_samples)
        return losses

    def _contrast(self, video: Tensor, data_samples: list) -> dict[str, Tensor]:
        text_ids = self.cls_head.text_ids(data_samples).to(video.device)
        frames, text_ids = all_gather_batch(
            video.flatten(0, 1), text_ids.repeat_interleave(video.shape[1], dim=0)
        )
        guides, texts = self.cls_head(text_ids)  # [B, D], [B, 1 + k, D]
        scale = self.cls_head.scale()
        with full_precision(frames):
            similarity = self.neck.similarity(as_float(frames), as_float(guides), as_float(texts))
            logits = scale * similarity  # [B, B, 1 + k]
            losses = self.loss_module(logits.flatten(1), text_ids[:, 0], text_ids.flatten())
        return losses | training_curves(logits.detach(), text_ids, scale.detach())
