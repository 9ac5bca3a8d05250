"""The demo and the experiments, as small as they get, and the commands they run."""

import os
from pathlib import Path

import pytest

from benchmarks import toy_results
from benchmarks.toy_results import VARIANTS, run_experiments
from mgdm_mmaction import MGDMError
from mgdm_mmaction.commands.toy_demo import main
from mgdm_mmaction.toy import demo
from mgdm_mmaction.toy.actions import list_actions
from mgdm_mmaction.toy.demo import locate, run_command, shorten
from tests.tools import run_tool

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
    with pytest.raises(MGDMError, match="'k = 99' is unknown; there are k = 0"):
        run_experiments(['--variants', 'k = 99'])


def test_unseen_classes_are_left_out_of_the_training(tmp_path, monkeypatch):
    monkeypatch.setenv('MGDM_DATA', str(tmp_path))
    names = [action.name for action in list_actions()]
    (tmp_path / 'toy').mkdir()
    (tmp_path / 'toy' / 'classes.txt').write_text('\n'.join(names))
    rows = [f'{name.replace(" ", "_")}.mp4 {label}' for label, name in enumerate(names)]
    (tmp_path / 'toy' / 'train_list.txt').write_text('\n'.join(rows))
    files = [option.split('=')[1] for option in toy_results._seen_classes(tmp_path / 'out')]
    classes, videos = (Path(file).read_text().splitlines() for file in files)
    assert len(classes) == len(videos) == 30
    left_out = [name.split(' ', 1) for name in names if name not in classes]
    assert len({o for o, _ in left_out}) == len({m for _, m in left_out}) == 6
    for label, name in enumerate(classes):
        assert videos[label] == f'{name.replace(" ", "_")}.mp4 {label}'


def fork(command, log_file, echo=None, environment=None):
    done = run_tool(*command, cwd='.', env={**os.environ, **(environment or {})})
    assert done.returncode == 0, done.stderr
    log_file.parent.mkdir(parents=True, exist_ok=True)
    log_file.write_text('\n'.join([' '.join(command), done.stdout, done.stderr]))
    for line in done.stdout.splitlines():
        if echo:
            echo(line)


@pytest.mark.slow
def test_demo_and_experiments_run_through(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('MGDM_DATA', str(tmp_path / 'data'))
    monkeypatch.delenv('PYTHONPATH', raising=False)
    # The commands are those of a newcomer; only how their processes begin is not.
    for module in (demo, toy_results):
        monkeypatch.setattr(module, 'run_command', fork)
    main(['--clips', '1', '1', '--clip-steps', '2', '--epochs', '1', '--k', '3'])
    screen = capsys.readouterr().out
    for words in ('[8/8]', 'zero-shot CLIP', 'k = 0 (no negatives)', 'MGDM, k = 3', 'On your own'):
        assert words in screen
    assert (tmp_path / 'work_dirs' / 'toy_demo' / 'k3' / 'epoch_1.pth').exists()

    args = ['--seeds', '0', '--variants', 'k = 3 (bot)', '--out', str(tmp_path / 'out')]
    run_experiments([*args, '--options', 'train_cfg.max_epochs=1'])
    assert '| k = 3 (bot) |' in capsys.readouterr().out
    assert (tmp_path / 'out' / 'results.md').exists()
    log = next((tmp_path / 'out').glob('*/train.log')).read_text()
    for option in VARIANTS['k = 3 (bot)'].options:
        assert option in log.split('\n')[0]
