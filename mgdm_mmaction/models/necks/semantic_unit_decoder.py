"""From region features and unit texts to a video vector (ASU)."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

__all__ = ['DecodedVideo', 'SemanticUnitDecoder', 'select_units']

SELECTIONS = ('soft', 'topk', 'straight_through')
QUERIES = ('units', 'learned')


class DecodedVideo(NamedTuple):
    """What :class:`SemanticUnitDecoder` returns.

    Args:
        video (Tensor): Unit vectors z [B, D].
        attention (Tensor): Of each feature over the units [B, T, 1 + R, S]; sums to 1.
    """

    video: Tensor
    attention: Tensor


def select_units(
    features: Tensor, units: Tensor, tau: Tensor, selection: str = 'soft', topk: int = 5
) -> Tensor:
    r"""Let features attend to semantic units: :math:`A = \mathrm{softmax}_S(\cos(E, U) / \tau)`.

    Args:
        features (Tensor): Unit vectors E [..., D].
        units (Tensor): Unit vectors U [S, D].
        tau (Tensor): Temperature, scalar.
        selection (str): 'soft', all units; 'topk', the best ``topk`` alone; 'straight_through', the
            best one, with the gradient of 'soft'. Defaults to 'soft'.
        topk (int): See 'topk'. Defaults to 5.

    Returns:
        Tensor: Attention A [..., S].
    """
    scores = features @ units.t() / tau
    if selection == 'topk' and topk < len(units):
        least = scores.topk(topk, dim=-1).values[..., -1:]
        scores = scores.masked_fill(scores < least, float('-inf'))
    attention = scores.softmax(-1)
    if selection == 'straight_through':
        best = F.one_hot(attention.argmax(-1), len(units)).to(attention)
        attention = best + attention - attention.detach()
    return attention


@MODELS.register_module()
class SemanticUnitDecoder(BaseModule):
    r"""Select units for each region of each frame, and let them decode the video.

    After ASU (arXiv:2303.09756); the internals are our reconstruction. With the unit vectors E of
    the global feature and R regions of T frames, and U of the units:

    .. math::
        A = \mathrm{softmax}_S(\cos(E, U) / \tau), \quad Q = \mathrm{MLP}(A U), \quad
        z = \mathrm{norm}(\tfrac1T \sum_t E_{t0} +
        \gamma W \, \mathrm{mean}\,\mathrm{dec}(Q, E + \text{time} + \text{region}))

    :math:`\gamma` is 0 at first, so that training starts at CLIP with a mean over frames. No
    parameter depends on the number of units.

    Args:
        embed_dims (int): Width D of CLIP's joint space.
        num_frames (int): Frames T of a clip.
        num_regions (int): R. Defaults to 8.
        num_layers (int): Layers of the decoder; with 0 the queries themselves are averaged.
            Defaults to 4.
        num_heads (int, optional): Attention heads. Defaults to D / 64.
        selection (str): See :func:`select_units`. Defaults to 'soft'.
        topk (int): Likewise. Defaults to 5.
        tau (float): First temperature of the selection, which is learned. Defaults to 0.05.
        query (str): 'units', or 'learned': queries that know no unit, the control that shows
            whether units matter. Defaults to 'units'.
        gamma (float): First weight of what was decoded. Defaults to 0.
        train_gamma (bool): Learn it. Defaults to True.
        dropout (float): Of the decoder. Defaults to 0.

    Raises:
        ValueError: If ``selection`` or ``query`` is unknown.

    Example:
        >>> import torch
        >>> neck = SemanticUnitDecoder(embed_dims=128, num_frames=8, num_layers=1)
        >>> video, attention = neck(torch.randn(2, 8, 9, 128), torch.randn(50, 128))
        >>> video.shape, attention.shape
        (torch.Size([2, 128]), torch.Size([2, 8, 9, 50]))
    """

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        num_regions: int = 8,
        num_layers: int = 4,
        num_heads: int | None = None,
        selection: str = 'soft',
        topk: int = 5,
        tau: float = 0.05,
        query: str = 'units',
        gamma: float = 0.0,
        train_gamma: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        for name, value, known in (
            ('selection', selection, SELECTIONS),
            ('query', query, QUERIES),
        ):
            if value not in known:
                raise ValueError(f'`neck.{name}` should be one of {known}, but got {value!r}')
        self.embed_dims, self.num_frames, self.num_layers = embed_dims, num_frames, num_layers
        self.selection, self.topk, self.query = selection, topk, query
        shape = (num_frames, 1 + num_regions, embed_dims)
        # Where the queries are learned, nothing behind the selection reads it.
        self.log_tau = nn.Parameter(torch.tensor(math.log(tau)), requires_grad=query == 'units')
        if query == 'units':
            self.mlp = nn.Sequential(
                nn.Linear(embed_dims, embed_dims), nn.GELU(), nn.Linear(embed_dims, embed_dims)
            )
        else:
            self.queries = nn.Parameter(torch.randn(shape) * 0.02)
        if num_layers:
            self.positions = nn.Parameter(torch.randn(num_frames, 1, embed_dims) * 0.02)
            self.region_types = nn.Parameter(torch.randn(1 + num_regions, embed_dims) * 0.02)
            self.memory_norm = nn.LayerNorm(embed_dims)
            layer = nn.TransformerDecoderLayer(
                embed_dims,
                num_heads or max(1, embed_dims // 64),
                4 * embed_dims,
                dropout,
                activation='gelu',
                batch_first=True,
                norm_first=True,
            )
            self.decoder = nn.TransformerDecoder(layer, num_layers)
            for parameter in self.decoder.parameters():  # the layers are copies of one
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)
        self.norm = nn.LayerNorm(embed_dims)
        self.fusion = nn.Linear(embed_dims, embed_dims, bias=False)
        self.gamma = nn.Parameter(torch.tensor(float(gamma)), requires_grad=train_gamma)

    def forward(self, features: Tensor, units: Tensor) -> DecodedVideo:
        """Decode videos.

        Args:
            features (Tensor): Global feature and R regions of each frame [B, T, 1 + R, D].
            units (Tensor): Texts of the S units [S, D].

        Returns:
            DecodedVideo: Video vectors [B, D] and attention [B, T, 1 + R, S].
        """
        features, units = F.normalize(features, dim=-1), F.normalize(units, dim=-1)
        attention = select_units(features, units, self.log_tau.exp(), self.selection, self.topk)
        if self.query == 'units':
            queries = self.mlp(attention @ units)
        else:
            queries = self.queries.expand_as(features)
        decoded = queries.flatten(1, 2)
        if self.num_layers:
            memory = features + self.positions + self.region_types
            decoded = self.decoder(decoded, self.memory_norm(memory).flatten(1, 2))
        video = features[:, :, 0].mean(1) + self.gamma * self.fusion(self.norm(decoded).mean(1))
        return DecodedVideo(F.normalize(video, dim=-1), attention)
