"""Where the two halves of a video vector see every class text."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models import MGDM

__all__ = ['HalfSimilarities', 'half_similarities']


class HalfSimilarities(NamedTuple):
    """Points of the scatter, one a class.

    Args:
        raw (Tensor): With the text embeddings of CLIP, [N, C, 2]: left half, right half.
        discriminated (Tensor): With those that the discriminator made of them, [N, C, 2].
    """

    raw: Tensor
    discriminated: Tensor


@torch.no_grad()
def half_similarities(model: MGDM, inputs: Tensor) -> HalfSimilarities:
    r"""Compare the halves of the video vector with the halves of every class text.

    MGDM, figures 4 and 5 (DOI 10.11959/j.issn.1000-436x.2024268): a vector of width D is cut in
    two; the similarity of the left halves is x, that of the right halves y. What the paper leaves
    open is ours:

    - The video vector of class c is :math:`V_c`, the frames weighed by the attention that text c
      guides (eq. 16): the one that the model scores class c with. The guide is the raw text in
      both cases, so that only the text that :math:`V_c` is compared with differs.
    - A similarity is the part that a half adds to the model's score: the product of the halves of
      :math:`V_c` and the unit vector of the text, each normalised as a whole. So x + y is the score
      before the temperature, and of two classes the one further to the upper right wins.

    Args:
        model (MGDM): In evaluation mode.
        inputs (Tensor): Normalised frames [N, views x T, 3, H, W]; points are means over views.

    Returns:
        HalfSimilarities: float32 or wider, on the model's device.
    """
    frames, _ = model.extract_feat(inputs, stage='neck')  # [N, views, T, D]
    guides, texts = model.cls_head.encode_classes()
    frames, guides, texts = (
        x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        for x in (frames, guides, texts)
    )
    views = frames.flatten(0, 1)
    attention = model.neck.attention(views, guides)  # [B, T, C]
    # [B, T, C] x [B, T, D] -> [B, C, D]
    videos = attention.transpose(1, 2) @ F.normalize(views, dim=-1)
    if model.neck.normalize_video:
        videos = F.normalize(videos, dim=-1)
    shape = frames.shape[:2]
    return HalfSimilarities(
        *(_halves(videos, embeddings).unflatten(0, shape).mean(1) for embeddings in (guides, texts))
    )


def _halves(videos: Tensor, texts: Tensor) -> Tensor:
    """Return the two parts [B, C, 2] of the products of videos [B, C, D] and unit texts [C, D]."""
    products = videos * F.normalize(texts, dim=-1)
    half = products.shape[-1] // 2
    return torch.stack([products[..., :half].sum(-1), products[..., half:].sum(-1)], dim=-1)
