"""The code of docs/extending.md: a second method goes through every command, unchanged."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mgdm_mmaction.apis.inferencer import MGDMInferencer
from tests.apis.conftest import SHORT, toy

__all__ = ['toy']

ROOT = Path(__file__).resolve().parents[2]


def code(title):
    """Return the block of the page with a title."""
    text = (ROOT / 'docs' / 'extending.md').read_text('utf-8')
    return re.search(rf'```python title="{title}"\n(.*?)```', text, re.S)[1]


@pytest.fixture(scope='module')
def method(toy, tmp_path_factory):
    """Write the method and its config into a folder, and train it through the tool."""
    folder = tmp_path_factory.mktemp('method')
    for name in ('meanpool.py', 'meanpool_toy.py'):
        text = code(name).replace('mgdm_mmaction::toy/', f'{ROOT}/configs/toy/')
        (folder / name).write_text(text)
    done = run(toy, folder, 'train.py', 'meanpool_toy.py', '--cfg-options', *SHORT)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def run(toy, folder, tool, *args):
    done = toy.tool(tool, *args, cwd=folder, PYTHONPATH=str(folder))
    assert 'Traceback' not in done.stderr, done.stderr[-3000:]
    return done


@pytest.mark.slow
class TestMethod:
    checkpoint = 'work_dirs/meanpool_toy/epoch_2.pth'

    def test_is_about_sixty_lines(self):
        assert len([line for line in code('meanpool.py').splitlines() if line]) <= 60

    def test_tests_evaluates_and_counts(self, toy, method):
        done = run(toy, method, 'test.py', 'meanpool_toy.py', self.checkpoint)
        assert 'acc/top1' in done.stdout
        args = ['meanpool_toy.py', self.checkpoint, '--out', 'r.json']
        assert 'videos      12 in val_list.txt' in run(toy, method, 'evaluate.py', *args).stdout
        assert 'MeanPool, k = 0' in run(toy, method, 'get_flops.py', 'meanpool_toy.py').stdout

    def test_is_inferred_and_explained(self, toy, method):
        clip = next((toy.root / 'videos').rglob('*.mp4'))
        args = [clip, '--model', 'meanpool_toy.py', '--weights', self.checkpoint]
        args += ['--out', 'scores.json', 'annotated.mp4', '--overwrite']
        assert run(toy, method, 'demo.py', *args).returncode == 0
        (found,) = json.loads((method / 'scores.json').read_text())
        assert np.shape(found['windows'][0]['attention']) == (5, 8)
        assert (method / 'annotated.mp4').stat().st_size > 1000

    def test_is_exported(self, toy, method):
        args = ['meanpool_toy.py', self.checkpoint, '--out', 'm.pt2', '--attention', '--overwrite']
        done = run(toy, method, 'export.py', *args)
        assert 'largest difference from PyTorch' in done.stdout

    def test_is_on_the_page(self, toy, method, monkeypatch):
        from mgdm_mmaction.app.limits import Limits
        from mgdm_mmaction.app.recognition import Recognition

        monkeypatch.chdir(method)
        monkeypatch.syspath_prepend(str(method))
        monkeypatch.setenv('MGDM_DATA', str(toy.data))
        config = Config.fromfile('meanpool_toy.py')
        inferencer = MGDMInferencer(config, self.checkpoint, device='cpu', show_progress=False)
        page = Recognition(inferencer, Limits(max_size=1, max_duration=9, queue=2))
        answer = page(str(next((toy.root / 'videos').rglob('*.mp4'))))
        assert type(inferencer.model).__name__ == 'MeanPool'
        assert len(answer.frames) == 8
        assert answer.prediction.labels[0] in inferencer.labels

    def test_mines(self, toy, method):
        args = ['meanpool_toy.py', '--checkpoint', self.checkpoint, '--out', 'n.jsonl']
        args += ['--num-negatives', '3', '--num-workers', '0', '--overwrite']
        assert run(toy, method, 'mine_negatives.py', *args).returncode == 0
        assert len((method / 'n.jsonl').read_text().splitlines()) == 25


def test_loss(monkeypatch, tmp_path):
    from tests.models.tiny import tiny_batch, tiny_model

    (tmp_path / 'hinge.py').write_text(code('hinge.py'))
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__('hinge')
    model = tiny_model(loss=dict(type='HingeLoss', margin=2.0))
    losses = model(*tiny_batch(3), mode='loss')
    assert losses['loss_hinge'].requires_grad
    del sys.modules['hinge']
    # By hand: two videos, three texts.
    logits = torch.tensor([[3.0, 0.0, 2.0], [1.0, 4.0, 1.0]])
    found = model.loss_module(logits, torch.tensor([0, 1]), torch.tensor([0, 1, 2]))
    assert found['loss_hinge'].item() == pytest.approx((0 + 1 + 0 + 0) / 4)
