"""What the miner asks of whoever scores labels for videos."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ..text.corpus import LabelCorpus

__all__ = ['Scorer']


class Scorer(Protocol):
    """The frozen CLIP, or a trained model.

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
