"""What a model explains of a window, for the labels that it names."""

import json

import numpy as np
import pytest
import torch

from mgdm_mmaction.apis.predictions import Predictions
from mgdm_mmaction.apis.window_pipeline import Clip
from mgdm_mmaction.apis.window_scores import Window, add_answer, video_prediction
from mgdm_mmaction.models.recognizers.clip_recognizer import Weights

LABELS = ['opening', 'closing', 'knocking']
TIMES = np.array([0.0, 2.0, 1.0, 3.0])  # two clips of two frames that take turns


def _answer(**weights):
    item = Window(0, 0.0, 4.0, Clip({}, TIMES))
    scores = torch.tensor([0.1, 0.7, 0.2])
    done = add_answer(item, scores, torch.tensor([1, 2]), weights, True)
    return video_prediction('a.mp4', [done], LABELS)


def test_frames_by_class_with_further_axes():
    """Three crops of two clips of two frames, five regions."""
    values = torch.rand(6, 2, 5, 3, generator=torch.Generator().manual_seed(0))
    (window,) = _answer(frames=Weights(values, ('frames', 'regions', 'classes'))).windows
    expected = np.zeros((2, 4))
    for row, label in enumerate((1, 2)):
        for crop in range(3):
            for clip in range(2):
                for t in range(2):
                    share = values[2 * crop + clip, t, :, label].sum().item()
                    expected[row, [[0, 2], [1, 3]][clip][t]] += share
    assert window.frame_times == [0, 1, 2, 3]
    np.testing.assert_allclose(window.attention, expected / expected.sum(1, keepdims=True), 1e-5)
    assert window.items == {}


def test_frames_without_classes_are_those_of_every_label():
    (window,) = _answer(frames=Weights(torch.tensor([[1.0, 3.0]] * 2), ('frames',))).windows
    np.testing.assert_allclose(window.attention, [[1 / 8, 1 / 8, 3 / 8, 3 / 8]] * 2)


def test_items_by_class_are_named_with_the_label_that_has_them():
    values = torch.zeros(1, 3, 2, 7)  # classes, frames, items
    values[0, 1, :, 4], values[0, 1, 0, 2], values[0, 2, :, 6] = 0.6, 0.4, 1.0
    names = [f'movement {i}' for i in range(7)]
    prediction = _answer(movements=Weights(values, ('classes', 'frames', 'items'), names))
    items = prediction.windows[0].items
    assert items['closing'][:2] == [
        ('movement 4', pytest.approx(0.6)),
        ('movement 2', pytest.approx(0.2)),
    ]
    assert items['knocking'][0] == ('movement 6', pytest.approx(1.0))
    assert len(items['closing']) == 5
    written = json.loads(Predictions([prediction]).to_json())[0]['windows'][0]['items']
    assert written['closing'][0] == ['movement 4', 0.6]


def test_items_of_the_video_are_named_with_the_best_label():
    units = Weights(torch.tensor([[0.2, 0.5]]), ('items',), ['ball', 'racket'])
    (window,) = _answer(units=units).windows
    assert list(window.items) == ['closing']
    assert [name for name, _ in window.items['closing']] == ['racket', 'ball']
    assert window.attention is None
    assert window.places is None


def test_places_are_those_of_the_region_where_the_first_item_is_strongest():
    """Two clips of two frames, two regions, three items, a grid of 1 x 2."""
    fired, grid = torch.full((2, 2, 2, 3), 0.1), torch.zeros(2, 2, 2, 1, 2)
    fired[..., 1] = torch.tensor([[[0.8, 0.1], [0.2, 0.4]], [[0.3, 0.6], [0.1, 0.2]]])
    grid[..., 0, 0, 0] = grid[..., 1, 0, 1] = 1.0
    by_class = torch.tensor([[0.0, 0.0, 1.0], [0.3, 0.6, 0.1], [0.5, 0.3, 0.2]])
    weights = dict(
        units=Weights(fired, ('frames', 'regions', 'items'), ['a', 'b', 'c']),
        class_units=Weights(by_class.expand(2, 3, 3), ('classes', 'items'), ['a', 'b', 'c']),
        places=Weights(grid, ('frames', 'regions', 'rows', 'columns')),
    )
    (window,) = _answer(**weights).windows
    assert [names[0][0] for names in window.items.values()] == ['b', 'a']
    assert window.places.item == 'b'
    # The clips take turns.
    expected = [[1, 0], [0, 0.75], [0, 0.5], [0, 0.25]]
    np.testing.assert_allclose(window.places.heat[:, 0], expected, rtol=1e-5)
    assert window.best_frame == 0
    # Three crops of each would have three grids.
    crops = {k: w._replace(values=w.values.repeat_interleave(3, 0)) for k, w in weights.items()}
    assert _answer(**crops).windows[0].places is None
