"""The numbers that training logs beside its loss, against plain loops; the loss stays as it was."""

import pytest
import torch
from mmaction.registry import MODELS

from mgdm_mmaction.models import augmented_contrastive_loss
from mgdm_mmaction.models.losses.training_curves import margins, share_in_batch, training_curves
from tests.models.test_losses import BATCHES, kl_rows
from tests.models.tiny import tiny_batch, tiny_model

NAMES = {
    'loss_contrastive', 'kl_video_to_text', 'kl_text_to_video', 'logit_scale', 'temperature',
    'margin_batch', 'margin_mined', 'negatives_in_batch',
}  # fmt: skip


def loop_over_videos(scores, ids):
    """All three numbers, a video and a text at a time."""
    classes = [row[0] for row in ids]
    mined, batch, present = [], [], []
    for video, row in enumerate(ids):
        positive = scores[video][video][0]
        rivals = [
            scores[video][group][place]
            for group, texts in enumerate(ids)
            for place, text in enumerate(texts)
            if text != row[0]
        ]
        batch.append(positive - max(rivals) if rivals else 0.0)
        if row[1:]:
            mined.append(positive - max(scores[video][video][1:]))
        present += [text in classes for text in row[1:]]
    return tuple(sum(x) / len(x) if x else None for x in (batch, mined, present))


@pytest.mark.parametrize('name', BATCHES)
def test_against_a_loop(name):
    ids = torch.tensor(BATCHES[name])
    generator = torch.Generator().manual_seed(2)
    scores = torch.randn(len(ids), *ids.shape, generator=generator, dtype=torch.float64)
    batch, mined, present = loop_over_videos(scores.tolist(), ids.tolist())
    found = margins(scores, ids)
    assert found['margin_batch'].item() == pytest.approx(batch)
    assert ('margin_mined' in found) == (mined is not None)
    if mined is not None:
        assert found['margin_mined'].item() == pytest.approx(mined)
        assert share_in_batch(ids).item() == pytest.approx(present)


def test_margin_without_any_other_class_is_zero():
    assert margins(torch.randn(3, 3, 1), torch.tensor([[4], [4], [4]]))['margin_batch'] == 0


def test_margins_are_of_scores_before_the_temperature():
    ids = torch.tensor(BATCHES["a negative is another video's class"])
    scores = torch.rand(3, 3, 3)
    warm, cold = (
        training_curves(scores * scale, ids, torch.tensor(scale)) for scale in (5.0, 80.0)
    )
    for name in ('margin_batch', 'margin_mined', 'negatives_in_batch'):
        assert warm[name].item() == pytest.approx(cold[name].item(), abs=1e-5)
    assert cold['temperature'].item() == pytest.approx(1 / 80)


@pytest.mark.parametrize('target', ['smoothed', 'exact'])
def test_parts_are_the_halves_of_the_loss(target):
    ids = torch.tensor(BATCHES["a negative is another video's class"])
    scores = torch.randn(3, 9, dtype=torch.float64, requires_grad=True)
    module = MODELS.build(dict(type='AugmentedContrastiveLoss', target=target, loss_weight=3.0))
    found = module(scores, ids[:, 0], ids.flatten())
    matches = ids[:, 0, None] == ids.flatten()
    assert found['kl_video_to_text'].item() == pytest.approx(kl_rows(scores, matches, target))
    assert found['kl_text_to_video'].item() == pytest.approx(
        kl_rows(scores.t(), matches.t(), target)
    )
    loss = augmented_contrastive_loss(scores, ids[:, 0], ids.flatten(), target)
    assert found['loss_contrastive'].item() == pytest.approx(3 * loss.item())
    assert not found['kl_video_to_text'].requires_grad


@pytest.mark.parametrize('num_negatives', [0, 2])
def test_total_is_the_loss_to_the_bit(num_negatives):
    model = tiny_model()
    inputs, samples = tiny_batch(4, num_negatives)
    losses = model(inputs, samples, mode='loss')
    expected = NAMES - ({'margin_mined', 'negatives_in_batch'} if not num_negatives else set())
    assert losses.keys() == expected
    total, logged = model.parse_losses(losses)  # MMEngine's: it adds what is called a loss
    assert total.item() == logged['loss'].item() == losses['loss_contrastive'].item()
    alone = model.parse_losses(dict(loss_contrastive=losses['loss_contrastive']))[0]
    weights = list(model.parameters())
    grads = [torch.autograd.grad(loss, weights, retain_graph=True) for loss in (total, alone)]
    for one, other in zip(*grads, strict=True):
        assert torch.equal(one, other)
    assert all(not losses[name].requires_grad for name in expected - {'loss_contrastive'})
    halves = losses['kl_video_to_text'] + losses['kl_text_to_video']
    assert (halves / 2).item() == losses['loss_contrastive'].item()
