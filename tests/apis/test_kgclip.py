"""A KG-CLIP config in every command, and a run that was stopped and resumed."""

import json
from pathlib import Path

import pytest

from mgdm_mmaction.graph import read_graph
from tests.apis.conftest import ROOT, SHORT
from tests.apis.resume import resume_equals

pytestmark = pytest.mark.slow
CONFIG = str(ROOT / 'configs' / 'kgclip' / 'kgclip_toy.py')
# An export takes its time for every block.
SMALL = ['model.neck.temporal_layers=1', 'model.neck.num_layers=1']


@pytest.fixture(scope='module')
def whole(toy, tmp_path_factory) -> Path:
    """Work directory of a run of two epochs."""
    work = tmp_path_factory.mktemp('kgclip')
    args = ('train.py', CONFIG, '--no-validate', '--seed', 1, '--work-dir', work)
    done = toy.tool(*args, '--cfg-options', *SHORT, *SMALL)
    assert done.returncode == 0, done.stderr
    assert '24 of 24 training videos have movements' in done.stdout + done.stderr
    return work


def test_a_resumed_run_equals_an_uninterrupted_one(toy, whole, tmp_path):
    args = ('train.py', CONFIG, '--no-validate', '--seed', 1)
    resume_equals(whole, tmp_path / 'again', toy, args, [*SHORT, *SMALL])


def test_the_commands_know_no_special_case(toy, whole, tmp_path, monkeypatch, capsys):
    from mgdm_mmaction.apis.inferencer import MGDMInferencer
    from mgdm_mmaction.app.limits import Limits
    from mgdm_mmaction.app.recognition import Recognition
    from mgdm_mmaction.commands.demo import main as demo
    from mgdm_mmaction.commands.evaluate import main as evaluate
    from mgdm_mmaction.commands.export import main as export
    from mgdm_mmaction.commands.get_flops import main as get_flops
    from mgdm_mmaction.commands.test import main as run_test
    from mgdm_mmaction.commands.visualize_semantics import main as visualize

    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    checkpoint, video = str(whole / 'epoch_2.pth'), str(toy.root / 'videos/val/star_growing')
    # Testing needs no graph.
    options = ['--work-dir', str(tmp_path), '--cfg-options', 'model.graph=/gone/graph.json', *SMALL]
    run_test([CONFIG, checkpoint, *options])
    assert 'acc/top1' in capsys.readouterr().out
    answers, annotated = tmp_path / 'answers.json', tmp_path / 'annotated.mp4'
    outs = ['--out', str(answers), str(annotated)]
    demo([f'{video}/0000.mp4', '--model', checkpoint, *outs])
    text = answers.read_text()
    movements = read_graph(toy.root / 'graph.json').movements
    (items,) = json.loads(text)[0]['windows'][0]['items'].values()
    assert {name for name, _ in items} <= set(movements)
    assert annotated.stat().st_size > 1000
    demo([f'{video}/0000.mp4', '--model', checkpoint, '--labels', 'star growing', 'star turning'])
    assert 'star turning' in capsys.readouterr().out
    export([checkpoint, '--out', str(tmp_path / 'model.onnx')])
    visualize([CONFIG, checkpoint, '--joint', '--out', str(tmp_path / 'joint.png'), *options[2:]])
    assert f'12 classes and {len(movements)} other labels' in capsys.readouterr().out
    get_flops([CONFIG])
    assert 'image tower' in capsys.readouterr().out
    evaluate([CONFIG, checkpoint, *options])
    assert 'top-1' in capsys.readouterr().out
    # The page: its answer as HTML.
    page = pytest.importorskip('mgdm_mmaction.app.page')
    inferencer = MGDMInferencer(checkpoint, device='cpu', show_progress=False)
    answer = Recognition(inferencer, Limits(1, 3, 2))(f'{video}/0000.mp4')
    html = page.HTML.answer(**vars(answer))
    assert all(name in html for name, _ in items)
