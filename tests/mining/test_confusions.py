"""Negatives by class from the confusions of a test run, and from a graph."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import dump

from mgdm_mmaction.commands.mine_negatives import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.graph import KnowledgeGraph, write_graph
from mgdm_mmaction.mining.class_wide import mine_confusions, movement_overlap
from mgdm_mmaction.negatives import read_negatives
from tests.mining.small import CLASSES, write_config


def write_dump(path, labels, classes=4, logits=False):
    torch.manual_seed(0)
    scores = torch.randn(len(labels), classes) * 3
    scores = scores if logits else scores.softmax(-1)
    dump(
        [
            dict(pred_score=score, gt_label=torch.tensor([label]))
            for score, label in zip(scores, labels, strict=True)
        ],
        str(path),
    )
    return scores


def test_the_order_is_that_of_the_mean_scores(root, capsys):
    labels = [0, 1, 2, 3, 3, 2, 1, 0, 0, 1]
    scores = write_dump(root / 'run.pkl', labels)
    out = root / 'out.jsonl'
    main([write_config(root), '--out', str(out), '--confusions', str(root / 'run.pkl')])
    assert 'no mistakes found' in capsys.readouterr().out
    file = read_negatives(out)
    assert (len(file), file.k) == (8, 3)
    assert file.header.settings['scorer'] == 'confusions of a test run'
    for i in range(8):
        label = int(file.labels[i])
        mean = [0.0] * 4
        videos = [score for score, other in zip(scores, labels, strict=True) if other == label]
        for score in videos:
            mean = [m + float(s) / len(videos) for m, s in zip(mean, score, strict=True)]
        expected = sorted((j for j in range(4) if j != label), key=lambda j: -mean[j])
        assert file.negatives[i].tolist() == expected
        assert np.allclose(file.scores[i], [mean[j] for j in expected], atol=1e-6)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(labels=[0, 1, 2]), r'no video of 1 classes \(swim\)'),
        (dict(labels=[0, 1, 2, 3], classes=5), 'scores of 5 classes; expected 4'),
        (dict(labels=[0, 1, 2, 3], logits=True), 'do not add up to 1'),
    ],
)
def test_dumps_that_do_not_fit(root, options, message):
    write_dump(root / 'run.pkl', **options)
    with pytest.raises(MGDMError, match=message):
        mine_confusions(config(root), root / 'run.pkl', root / 'out.jsonl')


def test_files_that_are_no_dump(root):
    with pytest.raises(MGDMError, match='no such file. Write it: tools/test.py'):
        mine_confusions(config(root), root / 'run.pkl', root / 'out.jsonl')
    (root / 'run.pkl').write_bytes(b'junk')
    with pytest.raises(MGDMError, match='is no dump of a test run'):
        mine_confusions(config(root), root / 'run.pkl', root / 'out.jsonl')
    write_dump(root / 'run.pkl', [0, 1, 2, 3])
    with pytest.raises(MGDMError, match='from 1 to 3 can be had'):
        mine_confusions(config(root), root / 'run.pkl', root / 'out.jsonl', num_negatives=4)


MOVEMENTS = {
    'running': ['leg run', 'arm swing', 'leg jump'],
    'High Jump': ['leg jump', 'leg run'],
    'dive': ['arm stretch', 'leg jump'],
    'swim': ['arm swing', 'arm stretch', 'leg kick'],
}


def graph_of(movements):
    pairs = [(action, movement) for action, found in movements.items() for movement in found]
    names = sorted({movement for _, movement in pairs})
    return KnowledgeGraph(list(movements), names, pairs)


def test_the_order_is_that_of_shared_movements(root):
    write_graph(graph_of(MOVEMENTS), root / 'graph.json')
    out = root / 'out.jsonl'
    main([write_config(root), '--out', str(out), '--graph', str(root / 'graph.json')])
    file = read_negatives(out)
    assert file.header.settings['scorer'] == 'movements of a graph'
    sets = [set(found) for found in MOVEMENTS.values()]
    for i in range(8):
        label = int(file.labels[i])
        overlap = {
            j: len(sets[label] & sets[j]) / len(sets[label] | sets[j])
            for j in range(4)
            if j != label
        }
        expected = sorted(overlap, key=lambda j: (-overlap[j], j))
        assert file.negatives[i].tolist() == expected
        assert file.scores[i] == pytest.approx([overlap[j] for j in expected], abs=1e-6)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(swim=[]), r'no movement of 1 classes \(swim\)'),
        (dict(rowing=['arm pull']), 'rowing among its actions, but no class'),
    ],
)
def test_graphs_that_do_not_fit(change, message):
    with pytest.raises(MGDMError, match=message):
        movement_overlap(graph_of(MOVEMENTS | change), CLASSES)


def config(root):
    return Config.fromfile(write_config(root))
