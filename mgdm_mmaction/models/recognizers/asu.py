"""ASU: videos decoded with the help of semantic units that their frames select."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor

from ...errors import MGDMError
from ...units import KINDS, UnitsFile
from ..layers.gather import all_gather_batch
from ..layers.region_tokens import RegionTokens
from ..layers.unit_bank import UnitBank
from ..losses.class_text_loss import class_targets
from ..necks.semantic_unit_decoder import select_units
from .clip_recognizer import CLIPRecognizer, Explanation, Weights, as_float, full_precision

__all__ = ['ASU']


@MODELS.register_module()
class ASU(CLIPRecognizer):
    """Action recognition with attentive semantic units.

    After Chen, Chen, Liu, Li, Peng, "Video Action Recognition with Attentive Semantic Units", ICCV
    2023, arXiv:2303.09756. There is no public code, and the paper's method section was not at
    hand: the idea is the paper's, the internals are our reconstruction.

    The image tower and :class:`RegionTokens` turn each frame into a global feature and those of R
    regions, each of them selects semantic units, the selected units decode the video
    (:class:`SemanticUnitDecoder`, ``neck``), and the video meets the texts of all classes.

    Args:
        backbone (dict): Config of :class:`CLIPBackbone`.
        neck (dict): Config of :class:`SemanticUnitDecoder`, without ``num_regions``.
        cls_head (dict): Config of :class:`HardNegativeTextHead`; here its ``discriminator`` is
            None unless the config has one.
        units (dict): Options of :class:`UnitBank`: ``file``, ``kinds``, ``prompt``. Tower and
            ``open_vocabulary`` are those of ``cls_head``.
        regions (dict, optional): ``num_regions`` and ``mode`` of :class:`RegionTokens`.
            Defaults to None: 8 tokens in the last block.
        class_loss (dict): Config of :class:`ClassTextLoss`.
            Defaults to ``dict(type='ClassTextLoss')``.
        contrastive (dict, optional): Config of a loss such as :class:`AugmentedContrastiveLoss`,
            with the mined negatives of the pipeline; it is added. Defaults to None.
        unit_loss_weight (float): Weight of -log of the attention on the units of the class, as
            their file says. Defaults to 0.
        **kwargs: ``data_preprocessor``, ``train_cfg`` and ``test_cfg``, see
            :class:`CLIPRecognizer`.
    """

    text_parts: ClassVar[tuple[str, ...]] = ('cls_head.text_bank', 'cls_head.discriminator')

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        cls_head: dict,
        units: dict,
        regions: dict | None = None,
        class_loss: dict = dict(type='ClassTextLoss'),  # noqa: B006 (read only)
        contrastive: dict | None = None,
        unit_loss_weight: float = 0.0,
        **kwargs,
    ) -> None:
        regions = dict(regions or {})
        neck = {**neck, 'num_regions': regions.get('num_regions', 8)}
        super().__init__(backbone, {'discriminator': None, **cls_head}, neck, **kwargs)
        self.num_frames = self.neck.num_frames
        self.regions = RegionTokens(
            self.backbone, **{**regions, 'num_regions': neck['num_regions']}
        )
        bank = self.text_bank
        self.units = UnitBank(
            **units,
            arch=bank.arch,
            pretrained=bank.pretrained,
            quick_gelu=bank.quick_gelu,
            open_vocabulary=bank.open_vocabulary,
        )
        self.class_loss = MODELS.build(class_loss)
        self.contrastive = None if contrastive is None else MODELS.build(contrastive)
        self.contrasts = self.contrastive is not None
        self.unit_loss_weight = unit_loss_weight

    def decode(self, inputs: Tensor, places: list[Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Decode videos.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].
            places (list[Tensor], optional): As :meth:`RegionTokens.forward` takes it, for all
                frames in turn. Defaults to None.

        Returns:
            tuple[Tensor, Tensor]: Unit vectors z [N, views, D], and the attention over units
            [N, views, T, 1 + R, S]; region 0 is the whole frame.
        """
        features = self.encode_frames(
            inputs, lambda images: self.regions(self.backbone, images, places)
        )
        with full_precision(features):
            found = self.neck(as_float(features.flatten(0, 1)), self.units.class_texts())
        return tuple(part.unflatten(0, features.shape[:2]) for part in found)

    def set_units(self, file: str | Path | UnitsFile, kinds: Sequence[str] = KINDS) -> None:
        """Look for other semantic units from now on, without training.

        Args:
            file (str | Path | UnitsFile): A file, the name of a packaged one, or read units.
            kinds (Sequence[str]): Kinds of units to use. Defaults to all.
        """
        self.units.set_units(file, kinds)

    def encode_video(self, inputs: Tensor) -> Tensor:
        """Decode videos to unit vectors z [N, views, D]; see :meth:`decode`."""
        return self.decode(inputs)[0]

    def encode_classes(self) -> Tensor:
        """Return unit texts of all classes [C, D]."""
        return F.normalize(self.cls_head.encode_classes()[1], dim=-1)

    def encode_labels(self, text_ids: Tensor) -> Tensor:
        """Return unit texts of labels [..., D], ids int [n]."""
        return F.normalize(self.cls_head(text_ids[:, None])[1][:, 0], dim=-1)

    def similarity(self, video: Tensor, classes: Tensor) -> Tensor:
        """Return the cosines [N, views, C] of videos [N, views, D] and texts [C, D]."""
        return video @ classes.t()

    @torch.no_grad()
    def explain(self, inputs: Tensor) -> Explanation:
        """Score all classes, and say which units fired, in which frame and region.

        Args:
            inputs (Tensor): Normalised frames [N, views x T, 3, H, W].

        Returns:
            Explanation: With the weights 'units' [N, views, T, 1 + R, S], A of the frames;
            'class_units' [N, views, C, S], their mean times the attention of each class text over
            the units, so that those remain that fit both; and where the tower has a grid of h x w
            patches, 'places' [N, views, T, 1 + R, h, w], where the frame (the class token) and the
            regions look in the last block. All sum to 1, over S or the places.
        """
        places: list[Tensor] = []
        video, attention = self.decode(inputs, places)
        classes, names = self.class_texts(), self.units.names
        units = F.normalize(as_float(self.units.class_texts()), dim=-1)
        own = select_units(as_float(classes), units, self.neck.log_tau.exp())  # [C, S]
        shared = attention.mean((2, 3))[:, :, None] * own
        shared = shared / shared.sum(-1, keepdim=True).clamp_min(1e-12)
        weights = {
            'units': Weights(attention, ('frames', 'regions', 'items'), names),
            'class_units': Weights(shared, ('classes', 'items'), names),
        }
        for found in places:
            found = as_float(found).unflatten(-1, self.backbone.visual.grid_size)
            found = found.unflatten(0, attention.shape[:3])
            weights['places'] = Weights(found, ('frames', 'regions', 'rows', 'columns'))
        return Explanation(self.score(video, classes), weights)

    def loss(self, inputs: Tensor, data_samples: list, **kwargs) -> dict[str, Tensor]:
        """Compute the loss of a batch, that of the units included; see :meth:`training_loss`."""
        video, attention = self.decode(inputs)
        losses = self.training_loss(video, data_samples)
        if self.unit_loss_weight:
            losses['loss_units'] = self.unit_loss_weight * self._unit_loss(attention, data_samples)
        return losses

    def training_loss(self, video: Tensor, data_samples: list) -> dict[str, Tensor]:
        """Compare the videos of all ranks with the texts of all classes.

        Args:
            video (Tensor): Unit vectors [N, views, D]; each view counts as a video.
            data_samples (list[ActionDataSample]): With ``gt_label``, a class or, behind mixup and
                cutmix, its distribution over the classes; with ``text_ids`` for ``contrastive``.

        Returns:
            dict[str, Tensor]: What ``class_loss`` and ``contrastive`` return, and for the log
            ``gamma`` and ``tau``.
        """
        losses = self.class_loss(self.score(video, self.encode_classes()), data_samples)
        if self.contrastive is not None:
            ids = self.cls_head.text_ids(data_samples).to(video.device)
            video, ids = all_gather_batch(
                video.flatten(0, 1), ids.repeat_interleave(video.shape[1], dim=0)
            )
            with full_precision(video):
                texts = F.normalize(as_float(self.cls_head(ids)[1]), dim=-1).flatten(0, 1)
                logits = self.cls_head.scale() * as_float(video) @ texts.t()
                losses |= self.contrastive(logits, ids[:, 0], ids.flatten())
        return losses | dict(
            gamma=self.neck.gamma.detach().clone(),
            tau=self.neck.log_tau.detach().exp(),
        )

    def _unit_loss(self, attention: Tensor, data_samples: list) -> Tensor:
        """Mean over videos of -log of the attention on the units of their classes."""
        # [N, S], the mean over views, frames and regions
        attention = attention.mean((1, 2, 3))
        members = self.units.of_classes(self.text_bank.classes).to(attention)
        if not members.any():
            raise MGDMError(
                'unit_loss_weight needs a units file whose units name their "actions", which are '
                'classes of this data set'
            )
        known = members.any(1).to(attention)
        shares = (attention @ members.t()).clamp_min(1e-6)  # [N, C]
        targets = class_targets(data_samples, shares.shape[1]).to(attention)
        loss = -(targets * known * shares.log()).sum(1)
        return all_gather_batch(loss)[0].mean()
