"""A model in training, or trained, as the scorer: what does *it* confuse by now?"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.runner import load_checkpoint
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from ..clip import weights_digest
from ..config import ParsedConfig
from ..errors import MGDMError, require_file
from ..models.recognizers import CLIPRecognizer
from ..models.recognizers.clip_recognizer import as_float
from ..text.corpus import LabelCorpus
from .scorers import autocast, choose_precision

__all__ = ['TrainedModel']


class TrainedModel:
    """The model itself instead of the frozen CLIP of eq. 10-11: an option beyond the paper.

    The score of a label is the model's own similarity of video and text (eq. 4, before the
    temperature), each label by itself in the discriminator (the context 'single'), so that labels
    beyond the classes of the data set can be scored, too.

    Args:
        model (nn.Module): A recogniser, its text bank filled. It is put into evaluation mode while
            it scores, and back afterwards.
        precision (str, optional): 'float32' or 'bfloat16'. Defaults to None: bfloat16 on CUDA,
            float32 elsewhere.

    Raises:
        MGDMError: If the model is no recogniser of this package.
    """

    kind = 'trained model'

    def __init__(self, model: nn.Module, precision: str | None = None) -> None:
        if not isinstance(model, CLIPRecognizer):
            raise MGDMError(
                'mining with a trained model takes a recogniser of this package, but this is a '
                f'{type(model).__name__}.'
            )
        self.model = model
        self.arch = model.text_bank.arch
        self.digest = weights_digest(model)
        self.device = model.text_bank.class_ids.device
        self.precision = choose_precision(precision, self.device)

    @classmethod
    def from_checkpoint(
        cls,
        cfg: ParsedConfig,
        checkpoint: str | Path,
        device: str | torch.device = 'cpu',
        precision: str | None = None,
    ) -> 'TrainedModel':
        """Load a checkpoint into the model of a config.

        Args:
            cfg (ParsedConfig): Config that the checkpoint was trained with.
            checkpoint (str | Path): File.
            device (str | torch.device, optional): Defaults to 'cpu'.
            precision (str, optional): See the class. Defaults to None.

        Raises:
            MGDMError: If the file is missing or does not fit the config.
        """
        require_file(checkpoint, 'checkpoint')
        model = MODELS.build(cfg.config.model)
        load_checkpoint(model, str(checkpoint), map_location='cpu', logger='silent')
        return cls(model.to(device), precision)

    def prepare(self, corpus: LabelCorpus) -> np.ndarray:
        """Check that the model knows the labels.

        Args:
            corpus (LabelCorpus): n labels. A model may have others behind them, as KG-CLIP has its
                movements; these are no negatives.

        Returns:
            np.ndarray: Unit embeddings of the frozen text tower, float32, shape [n, D].

        Raises:
            MGDMError: If the model was made for other labels.
        """
        if difference := self.model.text_bank.corpus.first(len(corpus)).difference(corpus):
            raise MGDMError(f'the model has another corpus than the config: {difference}.')
        self._ids = ids = torch.arange(len(corpus), device=self.device)
        with torch.no_grad():
            return F.normalize(self.model.text_bank(ids).float(), dim=-1).cpu().numpy()

    @torch.no_grad()
    def scores(self, frames: Tensor) -> np.ndarray:
        """Score all labels for a batch of videos.

        Args:
            frames (Tensor): Normalised frames, shape [B, T, 3, H, W].

        Returns:
            np.ndarray: Similarities, float32, shape [B, n].
        """
        model = self.model
        training = model.training
        model.eval()
        try:
            with autocast(self.device, self.precision):
                video = model.encode_video(frames.to(self.device))
                labels = model.encode_labels(self._ids)
            similarity = model.similarity(*tree_map(as_float, (video, labels)))
        finally:
            model.train(training)
        return similarity.mean(1).cpu().numpy()
