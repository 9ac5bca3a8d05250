"""The stack of CLIP's transformer blocks that both heads are made of."""

from mmengine.model import BaseModule
from torch import Tensor, nn

from ...clip import build_transformer

__all__ = ['ResidualTransformer']


class ResidualTransformer(BaseModule):
    r"""CLIP's transformer blocks with one more residual around the whole stack.

    MGDM, eq. 14 and 18 (DOI 10.11959/j.issn.1000-436x.2024268): :math:`y = x + \mathrm{blocks}(x)`.
    A block is pre-LN self-attention and a QuickGELU feed-forward net of width 4 D, both residual,
    initialised as CLIP's text tower is. The blocks see no order: positions are the caller's.

    Args:
        embed_dims (int): Width D.
        num_layers (int): Number of blocks M. 0 makes the stack the identity.
        num_heads (int, optional): Attention heads. Defaults to D / 64, at least one.

    Raises:
        ValueError: If ``embed_dims`` is no multiple of ``num_heads``.
    """

    def __init__(self, embed_dims: int, num_layers: int, num_heads: int | None = None) -> None:
        super().__init__()
        num_heads = num_heads or max(1, embed_dims // 64)
        if embed_dims % num_heads:
            raise ValueError(
                f'`embed_dims` should be a multiple of `num_heads`, but got {embed_dims} and '
                f'{num_heads}'
            )
        self.num_layers = num_layers
        self.blocks = build_transformer(embed_dims, num_layers, num_heads)
        self._reset_parameters(embed_dims, num_layers)

    def _reset_parameters(self, embed_dims: int, num_layers: int) -> None:
        """Initialise as CLIP does: the deeper the stack, the smaller what each block adds."""
        attention_std = embed_dims**-0.5
        projection_std = attention_std * (2 * max(num_layers, 1)) ** -0.5
        for block in self.blocks.resblocks:
            nn.init.normal_(block.attn.in_proj_weight, std=attention_std)
            nn.init.normal_(block.attn.out_proj.weight, std=projection_std)
            nn.init.normal_(block.mlp.c_fc.weight, std=(2 * embed_dims) ** -0.5)
            nn.init.normal_(block.mlp.c_proj.weight, std=projection_std)

    def forward(self, x: Tensor) -> Tensor:
        """Run the stack.

        Args:
            x (Tensor): Sequences [B, L, D].

        Returns:
            Tensor: Sequences [B, L, D].
        """
        return x + self.blocks(x) if self.num_layers else x
