"""Text-guided similarity of videos and texts, without ever building a video vector."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['text_guided_attention', 'text_guided_similarity']


def text_guided_attention(frames: Tensor, guides: Tensor, attn_temperature: float = 0.01) -> Tensor:
    r"""Weigh the frames of every video by what each guide text asks for.

    MGDM, eq. 15 (DOI 10.11959/j.issn.1000-436x.2024268):
    :math:`a_t = \mathrm{softmax}_t(f_t \cdot g / \theta)` with L2-normalised frames :math:`f_t` and
    guide :math:`g`.

    Args:
        frames (Tensor): Deep frame embeddings [B, T, D].
        guides (Tensor): Guide texts [G, D].
        attn_temperature (float): Temperature of the softmax. ``inf`` gives 1 / T everywhere.
            Defaults to 0.01.

    Returns:
        Tensor: Attention [B, T, G]; it sums to 1 over T.
    """
    frames = F.normalize(frames, dim=-1)
    guides = F.normalize(guides, dim=-1)
    # [B, T, D] x [D, G] -> [B, T, G]
    return torch.softmax(frames @ guides.t() / attn_temperature, dim=1)


def text_guided_similarity(
    frames: Tensor,
    guides: Tensor,
    texts: Tensor,
    attn_temperature: float = 0.01,
    normalize_video: bool = False,
) -> Tensor:
    r"""Score every video against every text, each text group guiding its own temporal attention.

    MGDM, eq. 4, 15 and 16 (DOI 10.11959/j.issn.1000-436x.2024268). With L2-normalised frames
    :math:`f_t`, guide :math:`g` and text :math:`e`:

    .. math::
        a_t = \mathrm{softmax}_t(f_t \cdot g / \theta), \qquad
        V = \sum_t a_t f_t, \qquad s = V \cdot e = \sum_t a_t (f_t \cdot e)

    The last form needs no V, so memory grows with the number of scores and not with D. The norm of
    V, where wanted, is :math:`\sqrt{a^\top G a}` with :math:`G` the Gram matrix of the frames.

    The normalisation of the operands and the temperature are ours; the paper names neither.

    Args:
        frames (Tensor): Deep frame embeddings [B, T, D].
        guides (Tensor): The text that guides each group's attention [G, D].
        texts (Tensor): The texts of each group [G, M, D].
        attn_temperature (float): Temperature of the attention over frames. ``inf`` gives the mean
            over frames. Defaults to 0.01.
        normalize_video (bool): Divide by the norm of V, which makes the score a cosine.
            Defaults to False.

    Returns:
        Tensor: Scores [B, G, M] in [-1, 1], before any temperature.

    Example:
        >>> frames, guides, texts = torch.randn(2, 8, 64), torch.randn(3, 64), torch.randn(3, 5, 64)
        >>> text_guided_similarity(frames, guides, texts).shape
        torch.Size([2, 3, 5])
    """
    num_videos, num_frames, _ = frames.shape
    num_groups, group_size, _ = texts.shape
    attention = text_guided_attention(frames, guides, attn_temperature)  # [B, T, G]
    frames = F.normalize(frames, dim=-1)
    texts = F.normalize(texts, dim=-1)
    # [B, T, D] x [D, G * M] -> [B, T, G, M]
    frame_scores = frames @ texts.flatten(0, 1).t()
    frame_scores = frame_scores.view(num_videos, num_frames, num_groups, group_size)
    scores = (attention.unsqueeze(-1) * frame_scores).sum(1)

    if normalize_video:
        gram = frames @ frames.transpose(1, 2)  # [B, T, T]
        squared_norm = (attention * (gram @ attention)).sum(1)  # [B, G]
        scores = scores / squared_norm.clamp_min(1e-12).sqrt().unsqueeze(-1)
    return scores
