"""The command from its arguments to its files, with a real model of random weights."""

import csv
import json

import av
import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mgdm_mmaction.apis.predictions import VideoPrediction, WindowPrediction
from mgdm_mmaction.commands.demo import main, print_scores
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.visualization.panel import plan_layout
from tests.apis.conftest import CONFIG, toy
from tests.visualization.pictures import write_square

__all__ = ['toy']


@pytest.fixture(scope='module')
def model(toy) -> list[str]:
    """The arguments that name a checkpoint."""
    init_default_scope('mmaction')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MGDM_DATA', str(toy.data))
        config = Config.fromfile(CONFIG)
    torch.manual_seed(0)
    recogniser = MODELS.build(config.model)
    recogniser.init_weights()
    path = toy.data / 'command.pth'
    torch.save(dict(state_dict=recogniser.state_dict(), meta=dict(cfg=config.pretty_text)), path)
    return ['--model', str(path), '--device', 'cpu']


@pytest.fixture
def folder(tmp_path):
    """Two clips and two files that are none."""
    folder = tmp_path / 'clips'
    (folder / 'sub').mkdir(parents=True)
    write_square(folder / 'clip2.mp4')
    write_square(folder / 'sub' / 'clip10.mp4')
    (folder / 'text.mp4').write_text('no video')
    (folder / 'empty.mp4').touch()
    return folder


def _status(args):
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, args)))
    return caught.value.code


def test_scores_are_printed(toy, model, capsys):
    clip = next((toy.root / 'videos' / 'val').glob('star_growing/*.mp4'))

    main([str(clip), *model, '--top-k', '3'])

    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith('  ')]
    assert str(clip) in lines
    assert len(rows) == 3
    scores = [float(row.split('%')[0]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(
        row.split('%')[1].strip() in toy.root.joinpath('classes.txt').read_text() for row in rows
    )


def test_a_folder_with_broken_files(folder, model, tmp_path, capsys):
    outs = [tmp_path / 'r.json', tmp_path / 'r.csv', tmp_path / 'drawn']

    assert _status([folder, *model, '--out', *outs]) == 1

    shown = capsys.readouterr()
    assert 'no result for 2 of 4:' in shown.err
    assert f'{folder / "empty.mp4"}: an empty file' in shown.err
    assert f'{folder / "text.mp4"}: ' in shown.err
    found = {item['source']: item for item in json.loads(outs[0].read_text())}
    assert len(found) == 4
    assert [('error' in found[str(folder / name)]) for name in ('clip2.mp4', 'text.mp4')] == [
        False,
        True,
    ]
    assert np.shape(found[str(folder / 'clip2.mp4')]['windows'][0]['attention']) == (5, 8)
    rows = list(csv.DictReader(outs[1].open(encoding='utf-8')))
    assert len(rows) == 2 * 5 + 2
    assert sorted(p.relative_to(outs[2]).as_posix() for p in outs[2].rglob('*.*')) == [
        'clip2.mp4',
        'sub/clip10.mp4',
    ]


def test_windows_and_other_labels_drawn_over_a_video(toy, model, tmp_path, capsys):
    clip = write_square(tmp_path / 'in.mp4', 30)
    out = tmp_path / 'out.mp4'
    labels = ['opening a door', 'closing a door', '开门', 'knocking']
    before = clip.read_bytes()

    main(
        [str(clip), *model, '--pretrained', str(toy.root / 'clip.pt'), '--labels', *labels]
        + ['--window', '2', '--stride', '1', '--batch-size', '2', '--out', str(out)]
    )

    text = capsys.readouterr().out
    assert 'mean of 2 windows' in text
    assert '0:00.0  0:02.0' in text
    assert all(label in text for label in labels)
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    layout = plan_layout((64, 48), 8)
    assert len(frames) == 30
    assert (frames[0].width, frames[0].height) == (layout.width, layout.height)
    assert clip.read_bytes() == before


def test_letters_without_a_font_are_told_in_one_line(toy, model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr('mgdm_mmaction.visualization.fonts.system_fonts', lambda: [])
    clip = write_square(tmp_path / 'in.mp4', 3)
    labels = ['--pretrained', str(toy.root / 'clip.pt'), '--labels', '开门', '关门']

    main([str(clip), *model, *labels, '--out', str(tmp_path / 'out.png')])

    warnings = [line for line in capsys.readouterr().err.splitlines() if 'warning' in line]
    assert len(warnings) == 1
    assert '--font' in warnings[0]
    assert (tmp_path / 'out.png').stat().st_size > 1000


def test_inputs_that_are_not_there_need_no_model(tmp_path, capsys):
    assert _status([tmp_path / 'none.mp4', '--model', 'none.pth']) == 1
    assert 'no such file or folder' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['--labels', 'a', '--labels-file', 'b'], 'give one of the two'),
        (['--labels-file', 'none.txt'], "'none.txt' is neither a file"),
        (['--font', 'none.ttf'], 'no such font file'),
        (['--out', 'a.avi'], 'expected a name that ends'),
        (['--window', '0'], 'expected a number of seconds above 0'),
        (['--stride', '1'], 'needs a window'),
        (['--top-k', '0'], 'expected a whole number from 1'),
        (['--batch-size', '0'], 'expected a whole number from 1'),
    ],
)
def test_mistakes(model, tmp_path, args, message):
    clip = write_square(tmp_path / 'in.mp4', 3)

    with pytest.raises(MGDMError, match=message) as caught:
        main([str(clip), *model, *args])
    assert '\n' not in str(caught.value)


def test_scores_of_windows_are_listed_with_their_times(capsys):
    label = 'a label that is longer than a line of eighty letters, as descriptions of actions are'
    windows = [
        WindowPrediction(0, 60, [label, 'closing'], [0.9, 0.05], [1.0]),
        WindowPrediction(60, 3725.25, ['closing', label], [0.8, 0.1], [61.0]),
    ]
    print_scores(VideoPrediction('[a].mp4', [label], [0.5], windows))
    print_scores(VideoPrediction('b.mp4', ['opening'], [1.0], windows[:1]))
    print_scores(VideoPrediction('c.mp4', error='an empty file'))

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ['[a].mp4', '(mean', 'of', '2', 'windows)'],
        ['50.0', '%', *label.split()],
        ['from', 'to', 'best', '%', 'second', '%'],
        ['0:00.0', '1:00.0', *label.split(), '90.0', 'closing', '5.0'],
        ['1:00.0', '1:02:05.2', 'closing', '80.0', *label.split(), '10.0'],
        ['b.mp4'],
        ['100.0', '%', 'opening'],
        ['c.mp4'],
        ['no', 'result:', 'an', 'empty', 'file'],
    ]
