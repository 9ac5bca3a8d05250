"""An ASU config in the commands, and what they show of its units."""

import json

import pytest

from mgdm_mmaction.units import read_units
from tests.apis.conftest import ROOT, untrained

pytestmark = pytest.mark.slow
CONFIG = str(ROOT / 'configs' / 'asu' / 'asu_toy.py')
# An export takes its time for every block.
SMALL = {'model.neck.num_layers': 1}


def test_the_commands_know_no_special_case(toy, tmp_path, monkeypatch, capsys):
    from mgdm_mmaction.commands.demo import main as demo
    from mgdm_mmaction.commands.evaluate import main as evaluate
    from mgdm_mmaction.commands.export import main as export
    from mgdm_mmaction.commands.get_flops import main as get_flops

    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    checkpoint = str(untrained(toy, CONFIG, tmp_path / 'asu.pth', **SMALL))
    options = [f'{key}={value}' for key, value in SMALL.items()]
    evaluate([CONFIG, checkpoint, '--work-dir', str(tmp_path), '--cfg-options', *options])
    assert 'mean class' in capsys.readouterr().out
    outs = [str(tmp_path / name) for name in ('out.json', 'out.mp4', 'out.png')]
    video = str(toy.root / 'videos/val/star_growing/0000.mp4')
    demo([video, '--model', checkpoint, '--out', *outs])
    with open(outs[0]) as file:
        (window,) = json.load(file)[0]['windows']
    assert list(window['items']) == window['labels']
    names = {name for items in window['items'].values() for name, _ in items}
    assert names <= {unit.name for unit in read_units('toy').units}
    export([checkpoint, '--out', str(tmp_path / 'model.onnx')])
    assert (tmp_path / 'model.onnx').is_file()
    get_flops([CONFIG, '--cfg-options', 'model.neck.query=learned'])
    assert 'image tower' in capsys.readouterr().out


def test_the_page_shows_units_and_where_they_are(toy, tmp_path):
    pytest.importorskip('gradio')
    from mgdm_mmaction.apis.inferencer import MGDMInferencer
    from mgdm_mmaction.app.limits import Limits
    from mgdm_mmaction.app.page import HTML
    from mgdm_mmaction.app.recognition import Recognition

    checkpoint = str(untrained(toy, CONFIG, tmp_path / 'asu.pth'))
    inferencer = MGDMInferencer(checkpoint, device='cpu', show_progress=False)
    recognition = Recognition(inferencer, Limits(max_size=1, max_duration=3, queue=2))
    video = str(toy.root / 'videos/val/star_growing/0000.mp4')
    answer = recognition(video, ['star growing', 'something new'])
    (window,) = answer.prediction.windows
    best, other = (window.items[label][0][0] for label in answer.prediction.labels)
    assert window.places.item == best
    assert window.places.heat.shape == (8, 4, 4)
    assert window.places.box == pytest.approx((1 / 18, 1 / 18, 8 / 9, 8 / 9))
    text = HTML.answer(**vars(answer))
    # The frame of the strongest place.
    time = window.frame_times[window.places.heat.max((1, 2)).argmax()]
    assert f'Tinted: where “{best}” was found, most at {time:.2f} s.' in text
    assert f'<td>{other} <' in text
