"""Models side by side as a command, from scores that are there and from trainings."""

import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from mmengine.fileio import dump

from mgdm_mmaction import run_tools
from mgdm_mmaction.commands.compare import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.evaluation import compare_runs
from tests.apis.conftest import CONFIG, SHORT, toy
from tests.forked_python import python

__all__ = ['toy']


def write_dump(path, guesses, classes=4):
    scores = torch.full((len(guesses), classes), 0.1 / (classes - 1))
    scores[torch.arange(len(guesses)), torch.tensor(guesses)] = 0.9
    samples = [
        dict(pred_score=score, gt_label=torch.tensor([i % 4]), filename=f'a/{i}.mp4')
        for i, score in enumerate(scores)
    ]
    dump(samples, str(path))


@pytest.fixture
def dumps(tmp_path, monkeypatch):
    """Scores of eight videos: a baseline, and three seeds that are better."""
    monkeypatch.chdir(tmp_path)
    write_dump('base.pkl', [0, 0, 2, 2, 1, 1, 3, 3])
    for seed in range(3):
        write_dump(f'new{seed}.pkl', [0, 1, 2, 3, 0, 1, 2, 3 - seed % 2])


def test_from_scores(dumps, tmp_path, capsys):
    main(['--dumps', 'base=base.pkl', '<b>=new{seed}.pkl', '--seeds', '0', '1', '2', '--out', 'r'])
    out = capsys.readouterr().out
    assert '8 videos of 4 classes' in out
    assert '| base | 0 | 50.0 | 100.0 | 50.0 | 50.0 |' in out
    assert '| <b> | 0, 1, 2 | 95.8 ± 7.2 | 100.0 ± 0.0 | 95.8 ± 7.2 |' in out
    # Four videos, of which one is wrong in one seed: all signs alike, in 2 of 16 cases.
    assert '| <b> | +45.8 | 0.12 |  | 0.12 | noise |' in out
    table = pd.read_csv('r/comparison.csv')
    assert table[table['measure'] == 'difference']['value'].item() == pytest.approx(11 / 24)
    page = (tmp_path / 'r' / 'index.html').read_text()
    assert '&lt;b&gt;' in page
    assert '<b>' not in page
    assert (tmp_path / 'r' / 'comparison.md').read_text().strip() in out


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        ([], 'nothing to compare'),
        (['pieces.yml'], 'nothing to compare'),
        (['--dumps', 'a=base.pkl', '--only', 'b'], "--only 'b': is unknown; there are 'a'"),
        (['--dumps', 'base=base.pkl', '--only', 'bases'], "is unknown; did you mean 'base'?"),
        (['--dumps', 'a=base.pkl', 'b=gone.pkl'], "the file of 'b' gone.pkl does not exist"),
        (['--dumps', 'a=base.pkl', 'b=few.pkl'], 'base.pkl has 8 videos, few.pkl has 4'),
        (['--dumps', 'a=base.pkl', 'b=other.pkl'], 'scores of 5 classes; expected 4'),
        (['--dumps', 'a=base.pkl', '--seeds', '1', '1'], 'each of --seeds another one'),
    ],
)
def test_mistakes(dumps, args, message):
    Path('pieces.yml').write_text('.a: {config: x.py}')
    write_dump('few.pkl', [0, 1, 2, 3])
    write_dump('other.pkl', [0] * 8, classes=5)
    with pytest.raises(MGDMError, match=message):
        main(args)


@pytest.mark.slow
def test_trains_and_tests_once(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, value in toy.env.items():
        monkeypatch.setenv(name, value)
    calls = []

    def run_command(command, log_file, **kwargs):
        calls.append(command)
        run_tools.run_command(command, log_file, **kwargs)

    monkeypatch.setattr(sys, 'executable', python())
    monkeypatch.setattr(compare_runs, 'run_command', run_command)
    monkeypatch.setattr(compare_runs, 'clips_per_second', lambda cfg: 1.0)
    (tmp_path / 'runs.yml').write_text(
        f"""
        k = 3: &k3 {{config: {CONFIG}, options: {{k: 3}}}}
        single:
          <<: *k3
          options: {{k: 3, model.cls_head.context: single}}
          checkpoint: '{{checkpoint: k = 3}}'
        """
    )
    args = ['runs.yml', '--seeds', '0', '--out', 'out', '--cfg-options', *SHORT]
    args.append('train_cfg.max_epochs=1')
    main(args)
    assert len(calls) == 3
    out = capsys.readouterr().out
    assert '12 videos of 12 classes' in out
    assert out.count('| single | ') == 3
    main(args)
    assert len(calls) == 3
