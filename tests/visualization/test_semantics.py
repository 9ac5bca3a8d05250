"""The half-vector scatter and the joint space: numbers against plain ones, and pictures."""

import math
import warnings

import numpy as np
import pytest
import torch

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization.figures import figure_style, save_figure
from mgdm_mmaction.visualization.joint_space import draw_joint_space, principal_plane
from mgdm_mmaction.visualization.semantics import (
    Scatter,
    draw_semantics,
    half_similarities,
    standing,
)
from tests.models.tiny import CLASSES, tiny_batch, tiny_model


def unit(vector):
    norm = math.sqrt(sum(x * x for x in vector))
    return [x / norm for x in vector]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def naive(frames, guides, texts, temperature, normalize):
    """Point of every class of one clip, in loops: eq. 15, eq. 16, then the halves."""
    frames = [unit(frame) for frame in frames]
    points = []
    for guide, text in zip(guides, texts, strict=True):
        guide, text = unit(guide), unit(text)
        weights = [math.exp(dot(frame, guide) / temperature) for frame in frames]
        video = [0.0] * len(text)
        for frame, weight in zip(frames, weights, strict=True):
            video = [v + weight / sum(weights) * x for v, x in zip(video, frame, strict=True)]
        video = unit(video) if normalize else video
        half = len(text) // 2
        points.append([dot(video[:half], text[:half]), dot(video[half:], text[half:])])
    return points


@pytest.mark.parametrize('normalize', [False, True])
def test_points_equal_naive_loops(normalize):
    model = tiny_model(neck=dict(normalize_video=normalize)).double().eval()
    inputs, _ = tiny_batch(2, num_views=2, dtype=torch.float64)
    with torch.no_grad():
        frames = model.encode_video(inputs)
        guides, texts = model.encode_classes()
    raw, discriminated = half_similarities(model, inputs)
    assert raw.shape == discriminated.shape == (2, len(CLASSES), 2)
    for video in range(2):
        for points, embeddings in ((raw, guides), (discriminated, texts)):
            views = [
                naive(clip.tolist(), guides.tolist(), embeddings.tolist(), 0.01, normalize)
                for clip in frames[video]
            ]
            np.testing.assert_allclose(points[video], np.mean(views, axis=0), atol=1e-9)
    assert not torch.allclose(raw, discriminated)


@pytest.mark.parametrize('attention', ['text', 'uniform'])
@pytest.mark.parametrize('context', ['all', 'single', 'neighbors'])
def test_the_halves_add_up_to_the_score(attention, context):
    model = tiny_model(neck=dict(attention=attention), cls_head=dict(context=context)).eval()
    inputs, _ = tiny_batch(3, num_views=2)
    points = half_similarities(model, inputs)[1]
    scores = model.explain(inputs).logits.mean(1) / model.cls_head.scale()
    torch.testing.assert_close(points.sum(-1), scores, atol=1e-5, rtol=1e-4)


def test_a_model_without_discriminated_texts(monkeypatch):
    model = tiny_model().eval()
    inputs, _ = tiny_batch(1)
    for classes in (model.text_bank.class_texts(), model.encode_classes()[::-1]):
        monkeypatch.setattr(model, 'encode_classes', lambda found=classes: found)
        with pytest.raises(MGDMError, match='MGDM does not discriminate the texts of its classes'):
            half_similarities(model, inputs)


def test_standing():
    points = np.array([[0.1, 0.2], [0.3, 0.1], [0.0, 0.0], [0.2, 0.3]])
    assert standing(points, 3) == (1, pytest.approx(0.1), 1)
    assert standing(points, 0) == (3, pytest.approx(-0.2), 3)
    assert standing(np.zeros((2, 2)), 1) == (2, 0, 0), 'a tie is not won'


def test_the_picture_shows_what_it_was_given():
    rng = np.random.default_rng(0)
    rows = [Scatter('a.mp4', 2, rng.random((5, 2)), rng.random((5, 2))) for _ in range(2)]
    with figure_style(CLASSES) as warning:
        figure = draw_semantics(rows, CLASSES)
        figure.draw_without_rendering()
    assert warning == ''
    assert len(figure.axes) == 4
    for axis, points in zip(figure.axes, [p for row in rows for p in row[2:]], strict=True):
        others, rival, true = (np.asarray(c.get_offsets()) for c in axis.collections)
        best = standing(points, 2)[2]
        np.testing.assert_allclose(true, [points[2]])
        np.testing.assert_allclose(rival, [points[best]])
        np.testing.assert_allclose(others, np.delete(points, [2, best], axis=0))
        # The true class is the triangle.
        assert len(axis.collections[2].get_paths()[0].vertices) == 4
        # All points are inside, and both panels of a row show equal steps.
        for low, high, column in zip(*np.transpose([axis.get_xlim(), axis.get_ylim()]), points.T,
                                     strict=True):  # fmt: skip
            assert low < column.min() < column.max() < high
    widths = [np.ptp(axis.get_xlim()) for axis in figure.axes]
    assert widths[0] == pytest.approx(widths[1])
    assert rows[0].title in figure.axes[0].texts[-1].get_text()


def test_odd_labels_are_drawn_with_one_warning(tmp_path):
    """A dollar is no formula; letters that no font has are told once, and not by matplotlib."""
    names = ['$x_1$', 'cost $5 & <b>', '\U00013000 walking', 'a very long name ' * 9]
    points = np.random.default_rng(0).random((4, 2))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with figure_style(names) as warning:
            figure = draw_semantics([Scatter('$.mp4', 0, points, points)], names)
            save_figure(figure, tmp_path / 'a.png', 50)
    assert '\U00013000' in warning
    assert '--font' in warning
    assert '\n' not in warning


def test_the_plane_is_that_of_the_largest_components(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(9, 5)) * [1, 4, 1, 9, 1]
    points, shares = principal_plane(vectors)
    values, axes = np.linalg.eigh(np.cov(vectors.T))
    expected = (vectors - vectors.mean(0)) @ axes[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(shares, values[[-1, -2]] / values.sum())
    labels = [f'label {i}' for i in range(9)]
    with figure_style(labels):
        figure = draw_joint_space(vectors, labels, 6, [(0, 6), (1, 8)])
        save_figure(figure, tmp_path / 'a.png', 40)
    lines, *dots = figure.axes[0].collections
    assert [len(part.get_offsets()) for part in dots] == [3, 6]
    np.testing.assert_array_equal(lines.get_segments()[1], points[[1, 8]])
