"""Who scores labels for videos: the protocol, and the frozen CLIP of the paper."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..clip import build_clip, image_size, weights_digest
from ..errors import MGDMError
from ..text.bank import encode_labels
from ..text.corpus import LabelCorpus

__all__ = ['PRECISIONS', 'FrozenClip', 'Scorer', 'autocast', 'choose_precision']

PRECISIONS = ('float32', 'bfloat16')


class Scorer(Protocol):
    """What the miner asks of a scorer.

    Attributes:
        kind (str): What it is, for the header of the file.
        arch (str): CLIP architecture.
        digest (str): Fingerprint of its weights.
        precision (str): 'float32' or 'bfloat16'.
        device (torch.device): Where it runs.
    """

    kind: str
    arch: str
    digest: str
    precision: str
    device: torch.device

    def prepare(self, corpus: LabelCorpus) -> np.ndarray:
        """Get ready for a corpus; return the unit embeddings of its n labels, shape [n, D]."""

    def scores(self, frames: Tensor) -> np.ndarray:
        """Return the scores [B, n] of the labels for normalised frames [B, T, 3, H, W]."""


def choose_precision(precision: str | None, device: torch.device) -> str:
    """Return the precision asked for; None is bfloat16 on CUDA and float32 elsewhere.

    Raises:
        MGDMError: If it is unknown.
    """
    precision = precision or ('bfloat16' if device.type == 'cuda' else 'float32')
    if precision not in PRECISIONS:
        raise MGDMError(f"precision '{precision}': expected one of {', '.join(PRECISIONS)}.")
    return precision


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which a tower runs."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == 'bfloat16')


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
        model = build_clip(self.arch, backbone['pretrained'], backbone.get('quick_gelu'))
        self.digest = weights_digest(model)
        self.model = model.to(device).eval().requires_grad_(False)
        self.device = torch.device(device)
        self.precision = choose_precision(precision, self.device)
        self.frames_per_pass = frames_per_pass

    def prepare(self, corpus: LabelCorpus) -> np.ndarray:
        """Embed the labels that :meth:`scores` compares with; see :class:`Scorer`."""
        self._texts = self.texts(corpus).cpu().numpy()
        return self._texts

    def scores(self, frames: Tensor) -> np.ndarray:
        """Return the cosines of videos and labels (eq. 10-11); see :class:`Scorer`."""
        return self.videos(frames).cpu().numpy() @ self._texts.T

    @torch.no_grad()
    def texts(self, corpus: LabelCorpus) -> Tensor:
        """Embed n labels as unit vectors, float32, shape [n, D]."""
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
