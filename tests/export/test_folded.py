"""The exported module gives what the recogniser gives, whatever its options."""

import pytest
import torch

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.export import ExportableRecognizer
from tests.export.conftest import PREPROCESSOR
from tests.models.tiny import tiny_batch, tiny_model

VARIANTS = {
    'as it is': {},
    'mean pool': dict(neck=dict(attention='uniform', num_layers=0)),
    'normalised video': dict(neck=dict(normalize_video=True, attn_temperature=0.1)),
    'neighbours': dict(cls_head=dict(context='neighbors', num_neighbors=2)),
    'no discriminator': dict(cls_head=dict(discriminator=None)),
    'one frame': dict(neck=dict(num_frames=1)),
    'checkpointing': dict(backbone=dict(with_cp=True)),
    'patches dropped': dict(backbone=dict(patch_dropout=0.5)),
    'BGR': dict(data_preprocessor=dict(to_rgb=True)),
    'no normalisation': dict(data_preprocessor=dict(mean=None, std=None)),
}


def _predict(model, pixels):
    """Score uint8 RGB frames [N, views x T, 3, H, W] by the recogniser's own way to test."""
    if model.data_preprocessor.to_rgb:
        pixels = pixels[:, :, [2, 1, 0]]
    samples = tiny_batch(len(pixels), 0)[1]
    data = model.data_preprocessor(dict(inputs=list(pixels), data_samples=samples))
    with torch.no_grad():
        found = model(**data, mode='predict')
    return torch.stack([sample.pred_score for sample in found])


@pytest.mark.parametrize('changes', VARIANTS.values(), ids=VARIANTS.keys())
def test_gives_what_the_recogniser_gives(changes):
    preprocessor = {**PREPROCESSOR, **changes.get('data_preprocessor', {})}
    model = tiny_model(**{**changes, 'data_preprocessor': preprocessor}).eval()
    exportable = ExportableRecognizer(model)
    pixels = exportable.example_input(3)

    probabilities, logits = exportable(pixels)

    torch.testing.assert_close(probabilities, _predict(model, pixels), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(logits.softmax(-1), probabilities)
    assert probabilities.std(0).max() > 1e-4, 'the clips must not look all the same'


@pytest.mark.parametrize('average', ['prob', 'score'])
def test_the_mean_of_views_is_taken_outside(average):
    model = tiny_model(data_preprocessor=PREPROCESSOR, test_cfg=dict(average_clips=average)).eval()
    exportable = ExportableRecognizer(model)
    views = exportable.example_input(6)  # two videos of three views

    outputs = exportable(views)[0 if average == 'prob' else 1]

    expected = _predict(model, views.unflatten(0, (2, 3)).flatten(1, 2))
    torch.testing.assert_close(outputs.unflatten(0, (2, 3)).mean(1), expected)


def test_frames_that_are_normalised_already():
    model = tiny_model(data_preprocessor=PREPROCESSOR).eval()
    inside = ExportableRecognizer(model)
    outside = ExportableRecognizer(model, 'float32')
    pixels = inside.example_input(2)
    mean, std = (torch.tensor(PREPROCESSOR[key])[:, None, None] for key in ('mean', 'std'))

    torch.testing.assert_close(outside((pixels - mean) / std), inside(pixels))


def test_attention_is_that_of_explain():
    model = tiny_model(data_preprocessor=PREPROCESSOR).eval()
    exportable = ExportableRecognizer(model, 'float32', attention=True)
    frames = exportable.example_input(2)

    attention = exportable(frames)[2]

    torch.testing.assert_close(attention, model.explain(frames).weights['frames'].values[:, 0])
    assert exportable.output_names == ('probabilities', 'logits', 'attention')


def test_refuses_what_it_would_not_reproduce(monkeypatch):
    model = tiny_model()
    with monkeypatch.context() as patch:
        patch.setattr(
            type(model.folded()), 'forward_explained', lambda self, frames: (self(frames), {})
        )
        with pytest.raises(MGDMError, match='--attention: MGDM has no weights of frames'):
            ExportableRecognizer(model, attention=True)
    model.data_preprocessor.format_shape = 'NCTHW'
    with pytest.raises(MGDMError, match="with format_shape='NCTHW'"):
        ExportableRecognizer(model)
