"""The video side of MGDM: a temporal transformer, and attention over time guided by texts."""

import math

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ...errors import MGDMError
from ..layers.residual_transformer import ResidualTransformer
from ..layers.text_guided_similarity import text_guided_attention, text_guided_similarity

__all__ = ['TextGuidedTemporalHead']

ATTENTIONS = ('text', 'uniform')


@MODELS.register_module()
class TextGuidedTemporalHead(BaseModule):
    """Relate the frames of a clip to each other, then weigh them by what a text asks for.

    MGDM, eq. 13-16 (DOI 10.11959/j.issn.1000-436x.2024268). Depth, frame positions and the
    attention's temperature are ours: the paper leaves them open.

    Args:
        embed_dims (int): Width D of CLIP's joint space.
        num_frames (int): Frames T of a clip.
        num_layers (int): Transformer blocks over the frames. 0, with ``attention='uniform'``, is
            the mean-pool ablation. Defaults to 6.
        num_heads (int, optional): Attention heads of a block. Defaults to D / 64.
        attention (str): 'text' lets the guide text weigh the frames (eq. 15), 'uniform' takes
            their mean. Defaults to 'text'.
        attn_temperature (float): Temperature of the softmax of eq. 15. Defaults to 0.01.
        normalize_video (bool): Renormalise the pooled video vector of eq. 16 before the product.
            Defaults to False.

    Raises:
        ValueError: If ``attention`` is unknown.
    """

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        num_layers: int = 6,
        num_heads: int | None = None,
        attention: str = 'text',
        attn_temperature: float = 0.01,
        normalize_video: bool = False,
    ) -> None:
        super().__init__()
        if attention not in ATTENTIONS:
            raise ValueError(f"`attention` should be one of {ATTENTIONS}, but got '{attention}'")
        self.embed_dims, self.num_frames = embed_dims, num_frames
        self.attn_temperature = attn_temperature if attention == 'text' else math.inf
        self.normalize_video = normalize_video
        self.transformer = ResidualTransformer(embed_dims, num_layers, num_heads)
        # Without blocks nothing could use the order of frames, and the mean pool should stay one.
        self.positions = (
            nn.Parameter(torch.randn(num_frames, embed_dims) * 0.02) if num_layers else None
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Compute the deep frame embeddings (eq. 13-14).

        Args:
            frames (Tensor): CLIP's frame embeddings [B, T, D].

        Returns:
            Tensor: Deep frame embeddings [B, T, D].

        Raises:
            MGDMError: If the number of frames is not T.
        """
        if frames.shape[1] != self.num_frames:
            raise MGDMError(
                f'this model was built for clips of {self.num_frames} frames '
                f'(`neck.num_frames`), but got clips of {frames.shape[1]}: sample '
                f'{self.num_frames} frames a clip in the pipeline, or change `neck.num_frames` '
                'and train again'
            )
        if self.positions is not None:
            frames = frames + self.positions
        return self.transformer(frames)

    def similarity(self, frames: Tensor, guides: Tensor, texts: Tensor) -> Tensor:
        """Score videos against groups of texts (eq. 4, 15, 16).

        Args:
            frames (Tensor): Deep frame embeddings [B, T, D].
            guides (Tensor): Guide of each group [G, D].
            texts (Tensor): Texts of each group [G, M, D].

        Returns:
            Tensor: Scores [B, G, M], before the temperature.
        """
        return text_guided_similarity(
            frames, guides, texts, self.attn_temperature, self.normalize_video
        )

    def attention(self, frames: Tensor, guides: Tensor) -> Tensor:
        """Say how much each guide text looks at each frame (eq. 15).

        Args:
            frames (Tensor): Deep frame embeddings [B, T, D].
            guides (Tensor): Guides [G, D].

        Returns:
            Tensor: Weights [B, T, G], which sum to 1 over the frames.
        """
        return text_guided_attention(frames, guides, self.attn_temperature)
