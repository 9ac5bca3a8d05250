"""The compact loss against a loop over the paper's full b(1+k) x b(1+k) matrix."""

import math

import pytest
import torch
from mmaction.registry import MODELS

from mgdm_mmaction.models import AugmentedContrastiveLoss, augmented_contrastive_loss


def kl_rows(logits, matches, target):
    """Mean over rows of KL(Q || P), in plain Python numbers."""
    rows = []
    for row_logits, row_matches in zip(logits.tolist(), matches.tolist(), strict=True):
        total = sum(math.exp(x - max(row_logits)) for x in row_logits)
        log_p = [x - max(row_logits) - math.log(total) for x in row_logits]
        if target == 'smoothed':
            weights = [math.exp(10.0 * match) for match in row_matches]
        else:
            weights = [float(match) for match in row_matches]
            if not any(weights):
                continue
        q = [weight / sum(weights) for weight in weights]
        rows.append(sum(a * (math.log(a) - b) for a, b in zip(q, log_p, strict=True) if a > 0))
    return sum(rows) / len(rows)


def naive_loss(scores, text_ids, target):
    """Eq. 4-9 as printed: every video stands once for each of the 1 + k texts of its group."""
    num_texts = text_ids.shape[1]
    video_labels = text_ids[:, 0].repeat_interleave(num_texts)
    text_labels = text_ids.flatten()
    full = scores.repeat_interleave(num_texts, dim=0)  # [b(1+k), b(1+k)]
    matches = torch.zeros_like(full)
    for row, video_label in enumerate(video_labels):
        for column, text_label in enumerate(text_labels):
            matches[row, column] = float(video_label == text_label)
    return (kl_rows(full, matches, target) + kl_rows(full.t(), matches.t(), target)) / 2


BATCHES = {
    'no negatives': [[0], [1], [2]],
    'all different': [[0, 10, 11], [1, 12, 13], [2, 14, 15]],
    'two videos share a class': [[0, 10, 11], [0, 11, 12], [2, 13, 14]],
    "a negative is another video's class": [[0, 1, 11], [1, 0, 2], [2, 13, 14]],
    'one class only': [[0, 1], [0, 2], [0, 3]],
    'one video': [[0, 1, 2, 3]],
}


@pytest.mark.parametrize('target', ['smoothed', 'exact'])
@pytest.mark.parametrize('name', BATCHES)
def test_compact_loss_equals_full_matrix(name, target):
    text_ids = torch.tensor(BATCHES[name])
    generator = torch.Generator().manual_seed(1)
    scores = 5 * torch.randn(
        len(text_ids), text_ids.numel(), generator=generator, dtype=torch.float64
    )
    loss = augmented_contrastive_loss(scores, text_ids[:, 0], text_ids.flatten(), target)
    assert loss.item() == pytest.approx(naive_loss(scores, text_ids, target), abs=1e-10)


@pytest.mark.parametrize('target', ['smoothed', 'exact'])
def test_gradient(target):
    text_ids = torch.tensor(BATCHES["a negative is another video's class"])
    scores = torch.randn(3, 9, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x: augmented_contrastive_loss(x, text_ids[:, 0], text_ids.flatten(), target), scores
    )


def test_unmatched_texts_are_pulled_to_uniform_or_left_alone():
    text_ids = torch.tensor([[0, 5], [1, 6]])
    scores = torch.zeros(2, 4, requires_grad=True)
    scores.data[:, 1] = torch.tensor([3.0, -3.0])  # Text 5 belongs to no video of the batch.
    grads = {}
    for target in ('smoothed', 'exact'):
        loss = augmented_contrastive_loss(scores, text_ids[:, 0], text_ids.flatten(), target)
        (grads[target],) = torch.autograd.grad(loss, scores)
    # With 'smoothed', the text's own row pushes both scores of column 1 towards each other.
    difference = grads['smoothed'] - grads['exact']
    assert difference[0, 1] > 0.05
    assert difference[1, 1] < -0.05


def test_module_is_registered_and_weighs_the_loss():
    module = MODELS.build(dict(type='AugmentedContrastiveLoss', target='exact', loss_weight=2.0))
    assert isinstance(module, AugmentedContrastiveLoss)
    labels, texts, logits = torch.tensor([0, 1]), torch.tensor([0, 1, 2]), torch.randn(2, 3)
    expected = 2 * augmented_contrastive_loss(logits, labels, texts, 'exact')
    torch.testing.assert_close(module(logits, labels, texts)['loss_contrastive'], expected)


def test_errors():
    labels, texts = torch.tensor([0, 1]), torch.tensor([0, 1, 2])
    with pytest.raises(ValueError, match=r'`logits` should be \[2, 3\].*but got \[3, 2\]'):
        augmented_contrastive_loss(torch.zeros(3, 2), labels, texts)
    for build in (
        lambda: augmented_contrastive_loss(torch.zeros(2, 3), labels, texts, 'soft'),
        lambda: AugmentedContrastiveLoss('soft'),
    ):
        with pytest.raises(ValueError, match="`target` should be one of .* but got 'soft'"):
            build()
