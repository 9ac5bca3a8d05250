"""The demo, as small as it gets."""

import sys

import numpy as np
import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.commands.toy_demo import main
from mgdm_mmaction.mining.dumps import Dump
from mgdm_mmaction.negatives import NegativesHeader, NegativesWriter
from mgdm_mmaction.text.corpus import LabelCorpus
from mgdm_mmaction.toy.actions import list_actions
from mgdm_mmaction.toy.demo import _last_screen, shorten
from tests.forked_python import python


def test_shorten_keeps_progress_and_accuracies():
    train = (
        '11/21 05:15:55 - mmengine - INFO - Epoch(train) [20][ 8/36]  base_lr: 4e-09 lr: 4e-10  '
        'eta: 0:00:07  time: 0.4379  data_time: 0.0330  loss: 0.7064  loss_contrastive: 0.7064'
    )
    assert shorten(train) == 'epoch 20, step 8/36, loss 0.71, 0:00:07 left'
    test = 'Epoch(test) [18/18]    acc/top1: 0.1806  acc/top5: 0.8264  acc/mean1: 0.1806'
    assert shorten(test) == 'top-1 18.1%, top-5 82.6%'
    assert shorten('Exp name: mgdm_toy') is None


def test_the_last_screen_counts_objects_and_motions(tmp_path):
    # Two objects of six motions. (true label, scores of the labels named; all others are 0)
    right_object = (1, {2: 1.0, 1: 0.5})
    wrong_object = (7, {3: 1.0, 7: 0.5, 8: 0.2})
    sixth = (8, {0: 6, 1: 5, 2: 4, 3: 3, 4: 2, 8: 1})
    cases = [(0, {0: 1.0}), right_object, right_object, right_object, wrong_object, sixth]
    scores = np.zeros((6, 12))
    for row, (_, given) in zip(scores, cases, strict=True):
        row[list(given)] = list(given.values())
    corpus = LabelCorpus([action.name for action in list_actions(['circle', 'star'])])
    with NegativesWriter(tmp_path / 'n.jsonl', NegativesHeader.of(corpus, 1, '', {})) as writer:
        writer.write('a.mp4', 0, [3], [0.5])
    dump = Dump(scores, np.array([label for label, _ in cases]), None)
    screen = _last_screen({'it': dump}, tmp_path / 'n.jsonl', tmp_path, 60)
    (line,) = (line for line in screen.splitlines() if line.startswith('it '))
    assert line.split()[1:] == ['16.7%', '83.3%', '66.7%', '50.0%']
    assert 'circle moving left: circle moving down 100%' in screen


def test_mistakes_are_reported_before_any_work():
    with pytest.raises(MGDMError, match='--k should be 1 to 16'):
        main(['--k', '17'])


@pytest.mark.slow
def test_demo_runs_through(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('MGDM_DATA', str(tmp_path / 'data'))
    monkeypatch.delenv('PYTHONPATH', raising=False)
    monkeypatch.setattr(sys, 'executable', python())
    main(['--clips', '1', '1', '--clip-steps', '2', '--epochs', '1', '--k', '3'])
    screen = capsys.readouterr().out
    for words in ('[8/8]', 'zero-shot CLIP', 'k = 0 (no negatives)', 'MGDM, k = 3', 'On your own'):
        assert words in screen
    assert (tmp_path / 'work_dirs' / 'toy_demo' / 'k3' / 'epoch_1.pth').exists()
