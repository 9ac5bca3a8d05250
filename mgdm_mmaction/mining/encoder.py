"""The frozen CLIP that mines: videos and texts to unit vectors."""

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..clip import build_clip, image_size, weights_digest
from ..errors import MGDMError
from ..text.bank import encode_labels
from ..text.corpus import LabelCorpus
from .precision import autocast, choose_precision

__all__ = ['FrozenClip']


class FrozenClip:
    """CLIP as it was pretrained, the scorer of MGDM, eq. 10-11.

    Args:
        backbone (Mapping): Config of the model's backbone: ``arch`` and ``pretrained`` name the
            weights.
        device (str | torch.device, optional): Defaults to 'cpu'.
        precision (str, optional): 'float32' or 'bfloat16' for the image tower. Defaults to None:
            bfloat16 on CUDA, float32 elsewhere.
        frames_per_pass (int, optional): Frames that go through the tower at once. Defaults to 256.

    Raises:
        MGDMError: If the config names no architecture or no weights.
    """

    kind = 'frozen CLIP'

    def __init__(
        self,
        backbone: Mapping,
        device: str | torch.device = 'cpu',
        precision: str | None = None,
        frames_per_pass: int = 256,
    ) -> None:
        if 'arch' not in backbone:
            raise MGDMError(
                f'model.backbone: has no `arch` but the keys {sorted(backbone)}; mining needs a '
                'CLIPBackbone.'
            )
        if not backbone.get('pretrained'):
            raise MGDMError(
                'model.backbone.pretrained is not set: negatives of a CLIP with random weights '
                "mean nothing. Name an open_clip tag ('openai') or a file of weights."
            )
        self.arch = backbone['arch']
        options = {key: backbone[key] for key in ('quick_gelu',) if backbone.get(key) is not None}
        model = build_clip(self.arch, backbone['pretrained'], **options)
        self.digest = weights_digest(model)
        self.model = model.to(device).eval().requires_grad_(False)
        self.device = torch.device(device)
        self.precision = choose_precision(precision, self.device)
        self.frames_per_pass = frames_per_pass

    def prepare(self, corpus: LabelCorpus) -> np.ndarray:
        """Embed the labels that :meth:`scores` compares with.

        Args:
            corpus (LabelCorpus): n labels.

        Returns:
            np.ndarray: Their unit embeddings, float32, shape [n, D].
        """
        self._texts = self.texts(corpus).cpu().numpy()
        return self._texts

    def scores(self, frames: Tensor) -> np.ndarray:
        """Score the labels of :meth:`prepare` for a batch of videos (eq. 10-11).

        Args:
            frames (Tensor): Normalised frames, shape [B, T, 3, H, W].

        Returns:
            np.ndarray: Cosines, float32, shape [B, n].
        """
        return self.videos(frames).cpu().numpy() @ self._texts.T

    @torch.no_grad()
    def texts(self, corpus: LabelCorpus) -> Tensor:
        """Embed labels.

        Args:
            corpus (LabelCorpus): n labels.

        Returns:
            Tensor: Unit vectors, float32, shape [n, D].
        """
        return F.normalize(encode_labels(self.model, corpus, self.arch).float(), dim=-1)

    @torch.no_grad()
    def videos(self, frames: Tensor) -> Tensor:
        """Embed videos: the mean of their frames' unit vectors, made a unit vector.

        Args:
            frames (Tensor): Normalised frames, shape [B, T, 3, H, W].

        Returns:
            Tensor: Unit vectors, float32, shape [B, D].

        Raises:
            MGDMError: If the frames have another size than the tower takes.
        """
        expected = image_size(self.arch)
        if tuple(frames.shape[-2:]) != expected:
            raise MGDMError(
                f'the pipeline gives frames of {tuple(frames.shape[-2:])} pixels, but '
                f'{self.arch} takes {expected}. Correct CenterCrop of the val pipeline, or '
                'model.backbone.arch.'
            )
        parts = frames.flatten(0, 1).split(self.frames_per_pass)
        with autocast(self.device, self.precision):
            images = [self.model.encode_image(part.to(self.device)).float() for part in parts]
        images = F.normalize(torch.cat(images), dim=-1).unflatten(0, frames.shape[:2])
        return F.normalize(images.mean(dim=1), dim=-1)
