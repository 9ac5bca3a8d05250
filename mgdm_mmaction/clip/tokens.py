"""A ViT tower of open_clip beyond its embedding: all tokens, and more for the last block."""

from collections.abc import Callable, Sequence

import torch
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

__all__ = ['has_tokens', 'project_tokens', 'read_attention', 'run_blocks']


def has_tokens(visual: nn.Module) -> bool:
    """Whether a tower is a ViT whose embedding is its projected class token."""
    return (
        isinstance(visual, VisionTransformer)
        and visual.attn_pool is None
        and visual.pool_type == 'tok'
        and visual.transformer.batch_first
    )


def run_blocks(
    visual: VisionTransformer,
    images: Tensor,
    insert: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None,
) -> Tensor:
    """Run a tower up to its last block, and return all tokens.

    Args:
        visual (VisionTransformer): The tower; see :func:`has_tokens`.
        images (Tensor): Normalised images [N, 3, H, W].
        insert (Callable, optional): Called with the tokens [N, 1 + P, W] before the last block;
            returns them with R more behind them, and what is added to the scores of the attention
            of the last block [1 + P + R, 1 + P + R], or None. Defaults to None.

    Returns:
        Tensor: Class token, P patches and what was inserted [N, 1 + P (+ R), W].
    """
    x = visual._embeds(images)
    blocks = visual.transformer.resblocks
    mask = None
    for number, block in enumerate(blocks, 1):
        if number == len(blocks) and insert is not None:
            x, mask = insert(x)
        if visual.transformer.grad_checkpointing and torch.is_grad_enabled():
            x = checkpoint(block, x, None, None, mask, use_reentrant=False)
        else:
            x = block(x, attn_mask=mask)
    return x


def read_attention(
    visual: VisionTransformer, tokens: Tensor, rows: Sequence[int], mask: Tensor | None = None
) -> Tensor:
    """Say how some tokens look at all tokens in the last block, as a mean over its heads.

    Args:
        visual (VisionTransformer): The tower.
        tokens (Tensor): Tokens before the last block [N, L, W].
        rows (Sequence[int]): Which tokens look.
        mask (Tensor, optional): What is added to the scores [L, L]. Defaults to None.

    Returns:
        Tensor: Weights [N, rows, L], which sum to 1 over L.
    """
    block = visual.transformer.resblocks[-1]
    tokens = block.ln_1(tokens)
    mask = None if mask is None else mask[rows].to(tokens)
    return block.attn(tokens[:, rows], tokens, tokens, attn_mask=mask)[1]


def project_tokens(visual: VisionTransformer, tokens: Tensor) -> Tensor:
    """Take tokens [..., W] through the last norm and the projection into the joint space."""
    tokens = visual.ln_post(tokens)
    return tokens if visual.proj is None else tokens @ visual.proj
