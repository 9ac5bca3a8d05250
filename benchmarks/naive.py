"""Eq. 4, 15 and 16 as they are printed, with the video vectors V that the package never builds."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['similarity_by_group', 'similarity_by_text']


def similarity_by_text(
    frames: Tensor, guides: Tensor, texts: Tensor, attn_temperature: float = 0.01
) -> Tensor:
    """Build V for every video and text, [B, L, D], as the paper has it.

    MGDM, eq. 4, 15, 16 (DOI 10.11959/j.issn.1000-436x.2024268), but without its repetition of
    each video for the 1 + k texts of its group, which would take 1 + k times more.

    Args:
        frames (Tensor): Deep frame embeddings [B, T, D].
        guides (Tensor): Guide of each group [G, D].
        texts (Tensor): Texts of each group [G, M, D].
        attn_temperature (float, optional): Temperature of the attention. Defaults to 0.01.

    Returns:
        Tensor: Scores [B, G, M].
    """
    shape = len(frames), *texts.shape[:2]
    guides = guides.repeat_interleave(texts.shape[1], dim=0)
    scores = similarity_by_group(frames, guides, texts.flatten(0, 1)[:, None], attn_temperature)
    return scores.view(shape)


def similarity_by_group(
    frames: Tensor, guides: Tensor, texts: Tensor, attn_temperature: float = 0.01
) -> Tensor:
    """Build V once for every video and guide, [B, G, D]: texts of one guide share it.

    Args:
        frames (Tensor): Deep frame embeddings [B, T, D].
        guides (Tensor): Guide of each group [G, D].
        texts (Tensor): Texts of each group [G, M, D].
        attn_temperature (float, optional): Temperature of the attention. Defaults to 0.01.

    Returns:
        Tensor: Scores [B, G, M].
    """
    frames, guides, texts = (F.normalize(x, dim=-1) for x in (frames, guides, texts))
    # b videos, t frames, g groups, m texts of a group, d width
    scores = torch.einsum('btd,gd->bgt', frames, guides)
    attention = torch.softmax(scores / attn_temperature, dim=-1)
    videos = torch.einsum('bgt,btd->bgd', attention, frames)
    return torch.einsum('bgd,gmd->bgm', videos, texts)
