"""The folded module says what the recogniser says, whatever its options."""

import pytest
import torch

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.export import FoldedRecognizer
from mgdm_mmaction.models import MGDM
from tests.export.conftest import PREPROCESSOR
from tests.models.tiny import tiny_batch, tiny_model

VARIANTS = {
    'as it is': {},
    'uniform attention': dict(neck=dict(attention='uniform')),
    'mean pool': dict(neck=dict(attention='uniform', num_layers=0)),
    'normalised video': dict(neck=dict(normalize_video=True, attn_temperature=0.1)),
    'each class alone': dict(cls_head=dict(context='single')),
    'neighbours': dict(cls_head=dict(context='neighbors', num_neighbors=2)),
    'no discriminator': dict(cls_head=dict(discriminator=None)),
    'one frame': dict(neck=dict(num_frames=1)),
    'five frames': dict(neck=dict(num_frames=5)),
    'checkpointing': dict(backbone=dict(with_cp=True)),
    'patches dropped': dict(backbone=dict(patch_dropout=0.5)),
    'OpenAI activation': dict(backbone=dict(quick_gelu=True)),
    'BGR': dict(data_preprocessor=dict(to_rgb=True)),
    'no normalisation': dict(data_preprocessor=dict(mean=None, std=None)),
}


def _predict(model, pixels, **attributes):
    """Score uint8 RGB frames [N, views x T, 3, H, W] by the recogniser's own way to test."""
    if model.data_preprocessor.to_rgb:
        pixels = pixels[:, :, [2, 1, 0]]
    samples = tiny_batch(len(pixels), 0)[1]
    data = model.data_preprocessor(dict(inputs=list(pixels), data_samples=samples))
    with torch.no_grad():
        found = model(**data, mode='predict')
    return torch.stack([sample.pred_score for sample in found])


@pytest.mark.parametrize('changes', VARIANTS.values(), ids=VARIANTS.keys())
def test_says_what_the_recogniser_says(changes):
    preprocessor = {**PREPROCESSOR, **changes.get('data_preprocessor', {})}
    model = tiny_model(**{**changes, 'data_preprocessor': preprocessor}).eval()
    folded = FoldedRecognizer(model)
    pixels = folded.example_input(3)

    probabilities, logits = folded(pixels)

    torch.testing.assert_close(probabilities, _predict(model, pixels), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(logits.softmax(-1), probabilities)
    assert probabilities.std(0).max() > 1e-4, 'the clips must not look all the same'


@pytest.mark.parametrize('average', ['prob', 'score'])
def test_the_mean_of_views_is_taken_outside(average):
    model = tiny_model(data_preprocessor=PREPROCESSOR, test_cfg=dict(average_clips=average)).eval()
    folded = FoldedRecognizer(model)
    views = folded.example_input(6)  # two videos of three views

    outputs = folded(views)[0 if average == 'prob' else 1]

    expected = _predict(model, views.unflatten(0, (2, 3)).flatten(1, 2))
    torch.testing.assert_close(outputs.unflatten(0, (2, 3)).mean(1), expected)


def test_frames_that_are_normalised_already():
    model = tiny_model(data_preprocessor=PREPROCESSOR).eval()
    inside = FoldedRecognizer(model)
    outside = FoldedRecognizer(model, 'float32')
    pixels = inside.example_input(2)
    mean, std = (torch.tensor(PREPROCESSOR[key])[:, None, None] for key in ('mean', 'std'))

    torch.testing.assert_close(outside((pixels - mean) / std), inside(pixels))


def test_attention_is_that_of_explain():
    model = tiny_model(data_preprocessor=PREPROCESSOR).eval()
    folded = FoldedRecognizer(model, 'float32', attention=True)
    frames = folded.example_input(2)

    attention = folded(frames)[2]

    torch.testing.assert_close(attention, model.explain(frames)[1][:, 0])
    assert folded.output_names == ('probabilities', 'logits', 'attention')


def test_holds_two_small_matrices_and_no_text_tower():
    model = tiny_model()
    folded = FoldedRecognizer(model)

    names = {name for name, _ in folded.named_buffers() if '.' not in name}
    video_side = (model.backbone.visual, model.neck)
    expected = sum(p.numel() for part in video_side for p in part.parameters())

    assert names == {'guides', 'texts', 'scale', 'mean', 'std'}
    assert folded.texts.shape == (5, 128)
    assert sum(p.numel() for p in folded.parameters()) == expected
    assert not any(p.requires_grad for p in folded.parameters())


def test_later_training_changes_nothing():
    model = tiny_model(data_preprocessor=PREPROCESSOR)
    folded = FoldedRecognizer(model)
    frames = folded.example_input(1)
    before = folded(frames)[1].clone()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1)

    torch.testing.assert_close(folded(frames)[1], before)
    assert next(model.parameters()).requires_grad


def test_other_classes():
    model = tiny_model(data_preprocessor=PREPROCESSOR).eval()
    model.set_classes(['clapping', 'jumping'])
    folded = FoldedRecognizer(model)
    pixels = folded.example_input(2)

    assert folded(pixels)[0].shape == (2, 2)
    torch.testing.assert_close(folded(pixels)[0], _predict(model, pixels))


def test_refuses_what_it_would_not_reproduce():
    model = tiny_model()
    with pytest.raises(ValueError, match="should be one of .* but got 'int8'"):
        FoldedRecognizer(model, 'int8')
    with pytest.raises(MGDMError, match='only recognisers of type MGDM can be exported'):
        FoldedRecognizer(torch.nn.Identity())
    model.data_preprocessor.format_shape = 'NCTHW'
    assert isinstance(model, MGDM)
    with pytest.raises(
        MGDMError, match="`model.data_preprocessor` is .* with format_shape='NCTHW'"
    ):
        FoldedRecognizer(model)
