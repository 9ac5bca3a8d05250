"""A stack of CLIP's transformer blocks, for the parts of a model that are trained on top of it."""

from open_clip.transformer import QuickGELU, Transformer

__all__ = ['build_transformer']


def build_transformer(embed_dims: int, num_layers: int, num_heads: int) -> Transformer:
    """Build pre-LN self-attention blocks with a QuickGELU feed-forward net of width 4 D.

    Args:
        embed_dims (int): Width D.
        num_layers (int): Number of blocks.
        num_heads (int): Attention heads of a block.

    Returns:
        open_clip.transformer.Transformer: Maps [B, L, D] to [B, L, D]; its blocks are
        ``.resblocks``.
    """
    return Transformer(embed_dims, num_layers, num_heads, act_layer=QuickGELU)
