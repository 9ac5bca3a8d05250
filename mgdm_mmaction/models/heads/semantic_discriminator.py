"""The fine granularity of MGDM: self-attention among a label and its hard negatives."""

from mmaction.registry import MODELS

from ..layers.residual_transformer import ResidualTransformer

__all__ = ['SemanticDiscriminator']


@MODELS.register_module()
class SemanticDiscriminator(ResidualTransformer):
    r"""Tell a positive text from its hard negatives by self-attention among them.

    MGDM, eq. 17-18 (DOI 10.11959/j.issn.1000-436x.2024268): :math:`E = w + \mathrm{blocks}(w)` for
    the texts :math:`w = [w^p, w^2, \ldots, w^{k+1}]` of one video. There is no position embedding,
    so the result does not depend on the order of the negatives.

    Args:
        embed_dims (int): Width D of CLIP's joint space.
        num_layers (int): Transformer blocks. 0 returns the texts as they are, the ablation without
            a discriminator. Defaults to 2.
        num_heads (int, optional): Attention heads of a block. Defaults to D / 64.

    Example:
        >>> import torch
        >>> discriminator = SemanticDiscriminator(embed_dims=128)
        >>> discriminator(torch.randn(4, 1 + 7, 128)).shape
        torch.Size([4, 8, 128])
    """

    def __init__(self, embed_dims: int, num_layers: int = 2, num_heads: int | None = None) -> None:
        super().__init__(embed_dims, num_layers, num_heads)
