"""A model in training, or trained, as the scorer: what does *it* confuse by now?"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from torch import Tensor, nn

from ..clip import weights_digest
from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from .precision import autocast, choose_precision

__all__ = ['TrainedModel']


class TrainedModel:
    """MGDM itself instead of the frozen CLIP of eq. 10-11: an option beyond the paper.

    The score of a label is the model's own similarity of video and text (eq. 4, before the
    temperature), each label by itself in the discriminator (the context 'single'), so that labels
    beyond the classes of the data set can be scored, too.

    Args:
        model (nn.Module): An ``MGDM``, its text bank filled. It is put into evaluation mode while
            it scores, and back afterwards.
        precision (str, optional): 'float32' or 'bfloat16'. Defaults to None: bfloat16 on CUDA,
            float32 elsewhere.

    Raises:
        MGDMError: If the model is no ``MGDM``.
    """

    kind = 'trained model'

    def __init__(self, model: nn.Module, precision: str | None = None) -> None:
        if not all(hasattr(model, name) for name in ('backbone', 'neck', 'cls_head')):
            raise MGDMError(
                f'mining with a trained model takes an MGDM, but this is a {type(model).__name__}.'
            )
        self.model = model
        self.arch = model.cls_head.arch
        self.digest = weights_digest(model)
        self.device = model.cls_head.text_bank.device
        self.precision = choose_precision(precision, self.device)

    @classmethod
    def from_checkpoint(
        cls,
        cfg: Config,
        checkpoint: str | Path,
        device: str | torch.device = 'cpu',
        precision: str | None = None,
    ) -> 'TrainedModel':
        """Load a checkpoint into the model of a config.

        Args:
            cfg (Config): Config that the checkpoint was trained with.
            checkpoint (str | Path): File.
            device (str | torch.device, optional): Defaults to 'cpu'.
            precision (str, optional): See the class. Defaults to None.

        Raises:
            MGDMError: If the file is missing or does not fit the config.
        """
        if not Path(checkpoint).is_file():
            raise MGDMError(f'{checkpoint}: no such checkpoint file.')
        model = MODELS.build(cfg.model)
        load_checkpoint(model, str(checkpoint), map_location='cpu', logger='silent')
        return cls(model.to(device), precision)

    def prepare(self, corpus: LabelCorpus) -> np.ndarray:
        """Check that the model knows the labels.

        Args:
            corpus (LabelCorpus): n labels.

        Returns:
            np.ndarray: Unit embeddings of the frozen text tower, float32, shape [n, D].

        Raises:
            MGDMError: If the model was made for other labels.
        """
        if difference := self.model.cls_head.corpus.difference(corpus):
            raise MGDMError(f'the model has another corpus than the config: {difference}.')
        return F.normalize(self.model.cls_head.text_bank.float(), dim=-1).cpu().numpy()

    @torch.no_grad()
    def scores(self, frames: Tensor) -> np.ndarray:
        """Score all labels for a batch of videos.

        Args:
            frames (Tensor): Normalised frames, shape [B, T, 3, H, W].

        Returns:
            np.ndarray: Similarities, float32, shape [B, n].
        """
        model, head = self.model, self.model.cls_head
        training = model.training
        model.eval()
        try:
            with autocast(self.device, self.precision):
                embeddings, _ = model.extract_feat(frames.to(self.device), stage='neck')
                ids = torch.arange(len(head.corpus), device=self.device)
                guides, texts = head(ids[:, None])  # [n, D], [n, 1, D]
            views = embeddings.flatten(0, 1).float()
            similarity = model.neck.similarity(views, guides.float(), texts.float())
        finally:
            model.train(training)
        return similarity.squeeze(-1).unflatten(0, (len(frames), -1)).mean(1).cpu().numpy()
