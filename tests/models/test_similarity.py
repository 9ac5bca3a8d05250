"""text_guided_similarity against the paper's formula, which builds every video vector."""

import math

import pytest
import torch

from mgdm_mmaction.models.layers.text_guided_similarity import (
    text_guided_attention,
    text_guided_similarity,
)


def naive_similarity(frames, guides, texts, attn_temperature, normalize_video):
    """Eq. 4, 15, 16 by loops over videos and texts, with the explicit video vector V."""
    scores = torch.zeros(len(frames), len(guides), texts.shape[1], dtype=frames.dtype)
    rows = []
    for video in frames:
        video = torch.stack([frame / frame.norm() for frame in video])
        for guide, group in zip(guides, texts, strict=True):
            guide = guide / guide.norm()
            weights = torch.stack([frame @ guide for frame in video]) / attn_temperature
            weights = (weights - weights.max()).exp()
            weights = weights / weights.sum()
            for text in group:
                # The guide is repeated for the negatives of its group, so V is the same for all.
                vector = sum(weight * frame for weight, frame in zip(weights, video, strict=True))
                if normalize_video:
                    vector = vector / vector.norm()
                rows.append(vector @ (text / text.norm()))
    return torch.stack(rows).view_as(scores)


@pytest.mark.parametrize('normalize_video', [False, True])
@pytest.mark.parametrize('attn_temperature', [0.01, 0.3, math.inf])
@pytest.mark.parametrize('shape', [(1, 1, 1, 1), (3, 4, 5, 2), (4, 8, 4, 8)])
def test_equals_naive_formula_with_gradients(shape, attn_temperature, normalize_video):
    num_videos, num_frames, num_groups, group_size = shape
    generator = torch.Generator().manual_seed(0)
    operands = [
        torch.randn(*size, 16, generator=generator)
        for size in [(num_videos, num_frames), (num_groups,), (num_groups, group_size)]
    ]
    weight = torch.randn(num_videos, num_groups, group_size, generator=generator)
    results = []
    for function in (text_guided_similarity, naive_similarity):
        leaves = [operand.clone().requires_grad_() for operand in operands]
        scores = function(*leaves, attn_temperature, normalize_video)
        (scores * weight).sum().backward()
        results.append([scores.detach(), *(leaf.grad for leaf in leaves)])
    for ours, naive in zip(*results, strict=True):
        if naive is None:  # The naive formula knows that uniform attention needs no guide.
            assert ours is None or not ours.any()
            continue
        scale = naive.abs().max().clamp_min(1)
        torch.testing.assert_close(ours / scale, naive / scale, atol=1e-5, rtol=0)


def test_identical_and_zero_frames_have_finite_gradients():
    frames = torch.zeros(1, 3, 4, requires_grad=True)
    for value in (frames, frames + 1):
        scores = text_guided_similarity(
            value, torch.randn(2, 4), torch.randn(2, 3, 4), normalize_video=True
        )
        (grad,) = torch.autograd.grad(scores.sum(), frames)
        assert scores.isfinite().all()
        assert grad.isfinite().all()


def test_attention_is_that_of_the_scores():
    generator = torch.Generator().manual_seed(1)
    frames = torch.randn(3, 4, 16, generator=generator)
    guides = torch.randn(2, 16, generator=generator)
    attention = text_guided_attention(frames, guides, 0.1)
    assert attention.shape == (3, 4, 2)
    for video in range(3):
        for guide in range(2):
            logits = [torch.cosine_similarity(f, guides[guide], 0) / 0.1 for f in frames[video]]
            weights = torch.stack(logits).exp()
            torch.testing.assert_close(attention[video, :, guide], weights / weights.sum())
    uniform = text_guided_attention(frames, guides, math.inf)
    torch.testing.assert_close(uniform, torch.full_like(uniform, 1 / 4))
