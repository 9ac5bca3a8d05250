"""The recogniser: its three modes, its views, its checkpoints."""

import numpy as np
import pytest
import torch
from mmengine.runner import load_checkpoint, save_checkpoint

from mgdm_mmaction import MGDMError
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity
from tests.models.test_losses import naive_loss
from tests.models.tiny import CLASSES, NUM_FRAMES, tiny_batch, tiny_model


def frames_of(model, inputs):
    """CLIP embeddings, then the temporal transformer."""
    frames = model.backbone(inputs.reshape(-1, 3, 64, 64))
    return model.neck(frames.view(-1, NUM_FRAMES, 128))


def test_loss_is_the_papers_from_pixels_to_scalar():
    model = tiny_model()
    inputs, samples = tiny_batch(4)
    losses = model(inputs, samples, mode='loss')
    ids = torch.stack([torch.as_tensor(sample.text_ids) for sample in samples])
    guides, texts = model.cls_head(ids)
    scores = text_guided_similarity(frames_of(model, inputs), guides, texts)
    scores = scores.flatten(1) / 0.07
    expected = naive_loss(scores, ids, 'smoothed')
    assert losses['loss_contrastive'].item() == pytest.approx(expected, rel=1e-4)
    assert losses['logit_scale'].item() == pytest.approx(1 / 0.07, rel=1e-4)


def test_without_mined_negatives_the_labels_alone_are_used():
    model = tiny_model(cls_head=dict(extra_labels=['swimming']))
    inputs, samples = tiny_batch(4, num_negatives=0)
    ids = model.cls_head.text_ids(samples)
    assert ids.tolist() == [[int(sample.gt_label)] for sample in samples]
    assert model(inputs, samples, mode='loss')['loss_contrastive'].isfinite()


def test_predict_scores_all_classes():
    model = tiny_model().eval()
    inputs, samples = tiny_batch(3)
    with torch.no_grad():
        results = model(inputs, samples, mode='predict')
        guides, texts = model.cls_head.encode_classes()
        scores = text_guided_similarity(frames_of(model, inputs), guides, texts[:, None])
    expected = (scores.squeeze(-1) / 0.07).softmax(-1)
    for result, row in zip(results, expected, strict=True):
        torch.testing.assert_close(result.pred_score, row, atol=1e-5, rtol=1e-4)
        assert result.pred_label.item() == row.argmax()


@pytest.mark.parametrize('average_clips', ['prob', 'score'])
def test_views_are_averaged(average_clips):
    model = tiny_model(test_cfg=dict(average_clips=average_clips)).eval()
    inputs, samples = tiny_batch(2, num_views=3)
    with torch.no_grad():
        together = model(inputs, samples, mode='predict')
        together = torch.stack([sample.pred_score for sample in together])
        single = []
        for view in inputs.chunk(3, dim=1):
            results = model(view, tiny_batch(2)[1], mode='predict')
            single.append(torch.stack([sample.pred_score for sample in results]))
    torch.testing.assert_close(together, torch.stack(single).mean(0), atol=1e-5, rtol=1e-4)


def test_tensor_mode_gives_the_features_of_a_stage():
    model = tiny_model().eval()
    inputs, _ = tiny_batch(2, num_views=3)
    with torch.no_grad():
        shapes = {
            stage: list(model(inputs, stage=stage).shape) for stage in ('backbone', 'neck', 'head')
        }
    assert shapes == {'backbone': [2, 3, 2, 128], 'neck': [2, 3, 2, 128], 'head': [2, 3, 5]}
    with pytest.raises(ValueError, match="`stage` should be .* but got 'tail'"):
        model(inputs, stage='tail')


def test_set_classes():
    model = tiny_model().eval()
    inputs, samples = tiny_batch(2)
    with torch.no_grad():
        before = model(inputs)
        model.set_classes(CLASSES[3:])
        assert model(inputs).shape == (2, 1, 2)
        model.set_classes(CLASSES)
        torch.testing.assert_close(model(inputs), before)
        assert model(inputs, samples, mode='predict')[0].pred_score.shape == (5,)


def test_wrong_number_of_frames():
    model = tiny_model()
    with pytest.raises(MGDMError, match=r'views x 2.*clips of 2 frames.*got \[1, 3, 3, 64, 64\]'):
        model(torch.zeros(1, 3, 3, 64, 64))
    with pytest.raises(MGDMError, match=r'inputs should be .* but got \[1, 3, 2, 64, 64\]'):
        model(torch.zeros(1, 3, 2, 64, 64))


def test_negatives_with_other_ids_are_refused():
    model = tiny_model()
    inputs, samples = tiny_batch(2)
    samples[0].set_field(np.roll(samples[0].text_ids, 1), 'text_ids')
    with pytest.raises(MGDMError, match='negatives file and the model disagree'):
        model(inputs, samples, mode='loss')


def test_average_clips_is_checked():
    with pytest.raises(ValueError, match="`test_cfg.average_clips` should be .* got 'max'"):
        tiny_model(test_cfg=dict(average_clips='max'))


def test_names_in_a_checkpoint():
    names = tiny_model().state_dict().keys()
    texts = {name for name in names if 'text_bank' in name or '_extra_state' in name}
    assert texts == {'cls_head.text_bank', 'cls_head._extra_state'}


def test_checkpoint_round_trip_needs_no_clip_weights(tmp_path):
    model, file = tiny_model().eval(), str(tmp_path / 'model.pth')
    save_checkpoint(dict(state_dict=model.state_dict()), file)
    from mmaction.registry import MODELS

    from tests.models.tiny import tiny_config

    missing = dict(pretrained='/no/such/file.pt')
    other = MODELS.build(tiny_config(backbone=missing, cls_head=missing)).eval()
    load_checkpoint(other, file)
    inputs, _ = tiny_batch(2)
    with torch.no_grad():
        torch.testing.assert_close(other(inputs), model(inputs), atol=0, rtol=0)
    text_tower = [key for key in model.state_dict() if 'token_embedding' in key]
    assert not text_tower


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(neck=dict(num_frames=3)), r'neck\.positions is \[2, 128\] there and \[3, 128\] here'),
        (dict(neck=dict(num_layers=3)), r'missing in the checkpoint \(neck\.transformer'),
        (dict(cls_head=dict(discriminator=None)), r'unknown to the model \(cls_head\.discr'),
    ],
)
def test_checkpoint_of_another_architecture_is_refused(tmp_path, changes, message):
    file = str(tmp_path / 'model.pth')
    save_checkpoint(dict(state_dict=tiny_model().state_dict()), file)
    with pytest.raises(MGDMError, match=f'of another architecture.*{message}'):
        load_checkpoint(tiny_model(**changes), file)


def test_explain_says_which_frames_each_class_looked_at():
    model = tiny_model().eval()
    inputs, _ = tiny_batch(3, num_views=2)
    logits, weights = model.explain(inputs)
    attention, axes, _ = weights['frames']
    assert axes == ('frames', 'classes')
    with torch.no_grad():
        torch.testing.assert_close(logits, model(inputs, mode='tensor'))
        frames = model(inputs, mode='tensor', stage='neck')  # [3, 2, T, D]
    assert attention.shape == (3, 2, NUM_FRAMES, len(CLASSES))
    torch.testing.assert_close(attention.sum(2), torch.ones(3, 2, len(CLASSES)))
    guides, texts = (x.detach() for x in model.cls_head.encode_classes())
    frames = torch.nn.functional.normalize(frames, dim=-1)
    texts = torch.nn.functional.normalize(texts, dim=-1)
    # The attended frames, against the texts, are the scores: nothing else explains them.
    video = torch.einsum('nvtc,nvtd->nvcd', attention, frames)
    scores = (video * texts).sum(-1) * model.cls_head.scale()
    torch.testing.assert_close(scores.detach(), logits, atol=1e-4, rtol=1e-4)
