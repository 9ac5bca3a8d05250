"""Accuracies of a dump against counting by hand."""

import pytest
import torch
from mmengine.fileio import dump

from mgdm_mmaction.toy.scores import read_scores


def test_scores_are_counted(tmp_path):
    # Two objects of six motions. (true label, scores of the labels named; all others are 0)
    cases = [
        (0, {0: 1.0}),  # right
        (1, {2: 1.0, 1: 0.5}),  # right object, second among the motions
        (7, {3: 1.0, 7: 0.5, 8: 0.2}),  # wrong object, but the motion within the right one
        (8, {0: 6, 1: 5, 2: 4, 3: 3, 4: 2, 8: 1}),  # sixth
    ]
    samples = []
    for label, scores in cases:
        row = torch.zeros(12)
        for index, score in scores.items():
            row[index] = score
        samples.append(dict(pred_score=row, gt_label=torch.tensor([label])))
    dump(samples, str(tmp_path / 'scores.pkl'))
    scores = read_scores(tmp_path / 'scores.pkl')
    assert scores.top1 == pytest.approx(1 / 4)
    assert scores.top5 == pytest.approx(3 / 4)
    assert scores.object == pytest.approx(2 / 4)
    assert scores.motion == pytest.approx(3 / 4)
