"""The demo, as small as it gets, and the commands it runs."""

import sys
from pathlib import Path

import pytest

from mgdm_mmaction import MGDMError
from mgdm_mmaction.commands.toy_demo import main
from mgdm_mmaction.toy.demo import locate, run_command, shorten
from tests.forked_python import python

ROOT = Path(__file__).resolve().parents[2]


def test_shorten_keeps_progress_and_accuracies():
    train = (
        '11/21 05:15:55 - mmengine - INFO - Epoch(train) [20][ 8/36]  base_lr: 4e-09 lr: 4e-10  '
        'eta: 0:00:07  time: 0.4379  data_time: 0.0330  loss: 0.7064  loss_contrastive: 0.7064'
    )
    assert shorten(train) == 'epoch 20, step 8/36, loss 0.71, 0:00:07 left'
    test = 'Epoch(test) [18/18]    acc/top1: 0.1806  acc/top5: 0.8264  acc/mean1: 0.1806'
    assert shorten(test) == 'top-1 18.1%, top-5 82.6%'
    assert shorten('Exp name: mgdm_toy') is None


def test_run_command_logs_everything_and_reports_a_failure(tmp_path):
    script = tmp_path / 'tool.py'
    script.write_text('import os, sys\nprint(os.environ["WORD"])\nsys.exit(int(sys.argv[1]))\n')
    lines = []
    log = tmp_path / 'logs' / 'tool.log'
    run_command([str(script), '0'], log, lines.append, dict(WORD='hello'))
    assert lines == ['hello']
    assert log.read_text().splitlines()[1:] == ['hello']
    with pytest.raises(MGDMError, match=r'tool.py 3` failed with code 3.*tool\.log(.|\n)*hello'):
        run_command([str(script), '3'], log, environment=dict(WORD='hello'))


def test_locate_is_what_one_would_type(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert locate('tools/train.py') == 'tools/train.py'
    monkeypatch.chdir(ROOT / 'tests')
    assert locate('tools/train.py') == '../tools/train.py'


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
