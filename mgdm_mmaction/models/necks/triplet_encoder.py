"""Scores of triples (head, relation, tail) in subspaces of their relation."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseModule
from torch import Tensor, nn

from ..layers.residual_transformer import ResidualTransformer

__all__ = ['RELATIONS', 'TripletEncoder']

#: Rows of the relation table: video -> class, video -> movement, class -> movement.
RELATIONS = ('v-a', 'v-b', 'a-b')
ATTENTIONS = ('factored', 'pairwise', 'none')
DEVIATIONS = ('shared', 'relation', 'none')


def _quick_gelu(x: Tensor) -> Tensor:
    """CLIP's activation; as none of PyTorch's own it also keeps the fused layers out of exports."""
    return x * torch.sigmoid(1.702 * x)


@MODELS.register_module()
class TripletEncoder(BaseModule):
    r"""Relation table, token positions, blocks and deviation of KG-CLIP (arXiv 2407.14146).

    The tokens [head, :math:`r_h`, :math:`r_t`, tail] become :math:`z_1, z_2, z_3, z_4`
    (pre-norm blocks over the tokens with their positions, and a residual to the tokens without
    them), and

    .. math::
        u = z_1 \odot z_2 - \delta, \qquad w = z_3 \odot z_4, \qquad S = \cos(u, w)

    The inverse direction swaps head and tail and has relation rows of its own.

    Who attends to whom is ours, because attention over all four tokens lets a head read its own
    positive tail, which does not exist at test time. 'factored': [head, :math:`r_h`] and
    [:math:`r_t`, tail] are two sequences. 'pairwise': every head with every tail, B x N sequences
    of four tokens. 'none': :math:`z` are the tokens. Tokens enter with unit variance
    (unit length times :math:`\sqrt D`), ours too, so that texts and videos weigh alike beside
    :math:`\delta`.

    Args:
        embed_dims (int): Width D of the joint space.
        num_frames (int): Frames T of a clip, whose embeddings are averaged.
        temporal_layers (int): Blocks over the frames before they are averaged, those of MGDM's
            representer. Ours: without them, as in the public code, the order of frames is lost.
            Defaults to 0.
        num_layers (int): Blocks; 0 is ``attention='none'``. Defaults to 3.
        num_heads (int, optional): Attention heads. Defaults to D / 64.
        dropout (float): Of the blocks. Defaults to 0.1.
        attention (str): 'factored', 'pairwise' or 'none'. Defaults to 'factored'.
        deviation (str): :math:`\delta`: 'shared' by the relations, one for each ('relation'), or
            'none'. Defaults to 'shared'.

    Raises:
        ValueError: If an option is unknown.
    """

    def __init__(
        self,
        embed_dims: int,
        num_frames: int,
        temporal_layers: int = 0,
        num_layers: int = 3,
        num_heads: int | None = None,
        dropout: float = 0.1,
        attention: str = 'factored',
        deviation: str = 'shared',
    ) -> None:
        super().__init__()
        for name, value, known in (
            ('attention', attention, ATTENTIONS),
            ('deviation', deviation, DEVIATIONS),
        ):
            if value not in known:
                raise ValueError(f'`{name}` should be one of {known}, but got {value!r}')
        self.embed_dims, self.num_frames = embed_dims, num_frames
        self.temporal = ResidualTransformer(embed_dims, temporal_layers)
        self.frame_positions = (
            nn.Parameter(0.02 * torch.randn(num_frames, embed_dims)) if temporal_layers else None
        )
        self.attention = attention if num_layers else 'none'
        self.relations = nn.Parameter(0.02 * torch.randn(2 * len(RELATIONS), 2, embed_dims))
        rows = dict(shared=1, relation=2 * len(RELATIONS), none=0)[deviation]
        self.deviation = nn.Parameter(torch.randn(rows, embed_dims)) if rows else None
        if self.attention != 'none':
            self.positions = nn.Parameter(0.02 * torch.randn(4, embed_dims))
            layer = nn.TransformerEncoderLayer(
                embed_dims,
                num_heads or max(1, embed_dims // 64),
                4 * embed_dims,
                dropout,
                _quick_gelu,
                batch_first=True,
                norm_first=True,
            )
            self.blocks = nn.TransformerEncoder(layer, num_layers, enable_nested_tensor=False)
            # Copies of one layer would start alike.
            for parameter in self.blocks.parameters():
                if parameter.dim() > 1:
                    nn.init.xavier_uniform_(parameter)

    def pool(self, frames: Tensor) -> Tensor:
        """Turn frame embeddings [B, T, D] into a video [B, D]."""
        if self.frame_positions is not None:
            frames = self.temporal(frames + self.frame_positions)
        return frames.mean(1)

    def encode_heads(self, heads: Tensor, row: int) -> Tensor:
        """Return u [B, D] of heads [B, D], by row of the relation table; not for 'pairwise'."""
        z = self._encode([self._unit(heads), self.relations[row, 0]], slice(0, 2))
        return z[..., 0, :] * z[..., 1, :] - self._delta(row)

    def encode_tails(self, tails: Tensor, row: int) -> Tensor:
        """Return w [N, D] of tails [N, D], by row of the relation table; not for 'pairwise'."""
        z = self._encode([self.relations[row, 1], self._unit(tails)], slice(2, 4))
        return z[..., 0, :] * z[..., 1, :]

    def encode_entities(self, tails: Tensor, relation: str) -> tuple[Tensor, ...]:
        """Compute all that does not depend on the heads.

        Args:
            tails (Tensor): Texts [N, D].
            relation (str): One of :data:`RELATIONS`.

        Returns:
            tuple[Tensor, ...]: The tails, and, unless 'pairwise', w of the forward and u of the
            inverse direction; each [N, D].
        """
        if self.attention == 'pairwise':
            return (tails,)
        row = RELATIONS.index(relation)
        inverse = self.encode_heads(tails, row + len(RELATIONS))
        return tails, self.encode_tails(tails, row), inverse

    def forward(
        self, heads: Tensor, entities: tuple[Tensor, ...], relation: str
    ) -> tuple[Tensor, Tensor]:
        """Score every head with every tail.

        Args:
            heads (Tensor): [B, D].
            entities (tuple[Tensor, ...]): Result of :meth:`encode_entities` for N tails.
            relation (str): The same.

        Returns:
            tuple[Tensor, Tensor]: Cosines of the forward and of the inverse direction, both
            [B, N]: row i is head i.
        """
        row = RELATIONS.index(relation)
        back = row + len(RELATIONS)
        if self.attention == 'pairwise':
            (tails,) = entities
            shape = (heads.shape[0], tails.shape[0], self.embed_dims)
            left, right = heads[:, None].expand(shape), tails[None].expand(shape)
            return self._pairwise(left, right, row), self._pairwise(right, left, back)
        _, tails, inverse_heads = entities
        forward = _cosines(self.encode_heads(heads, row), tails)
        return forward, _cosines(self.encode_tails(heads, back), inverse_heads)

    def _pairwise(self, heads: Tensor, tails: Tensor, row: int) -> Tensor:
        tokens = [self._unit(heads), *self.relations[row], self._unit(tails)]
        z = self._encode(tokens, slice(0, 4))
        u = z[..., 0, :] * z[..., 1, :] - self._delta(row)
        return F.cosine_similarity(u, z[..., 2, :] * z[..., 3, :], dim=-1)

    def _encode(self, tokens: list[Tensor], places: slice) -> Tensor:
        """Encode tokens, each [..., D], to [..., L, D]."""
        shape = torch.broadcast_shapes(*(token.shape for token in tokens))
        x = torch.stack([token.expand(shape) for token in tokens], dim=-2)
        if self.attention == 'none':
            return x
        return x + self.blocks((x + self.positions[places]).flatten(0, -3)).reshape(x.shape)

    def _delta(self, row: int) -> Tensor | float:
        if self.deviation is None:
            return 0.0
        return self.deviation[row if len(self.deviation) > 1 else 0]

    def _unit(self, x: Tensor) -> Tensor:
        return F.normalize(x, dim=-1) * self.embed_dims**0.5


def _cosines(left: Tensor, right: Tensor) -> Tensor:
    return F.normalize(left, dim=-1) @ F.normalize(right, dim=-1).t()
