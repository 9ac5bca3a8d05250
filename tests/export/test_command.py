"""The command of exporting: what it prints, what it refuses, and the page's reader of its files."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mmaction.apis import inference_recognizer

from mgdm_mmaction.commands.export import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.export import open_file

PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'export.md'


@pytest.mark.slow
def test_report(trained, tmp_path, capsys):
    out = tmp_path / 'tiny.pt2'

    main([str(trained.checkpoint), '--out', str(out), '--labels', 'jumping', 'clapping'])

    text = capsys.readouterr().out
    assert re.search(r'tiny\.pt2: \d+\.\d MiB', text)
    assert '2 classes, clips of 2 frames of 64 x 64' in text
    assert re.search(r'with 1, 2 and 5 clips: probabilities \S+e-\d+, logits \S+e-\d+;', text)
    assert open_file(out).metadata['classes'] == ['jumping', 'clapping']
    assert [file.name for file in tmp_path.iterdir()] == ['tiny.pt2']


@pytest.mark.slow
def test_a_file_that_differs_is_not_kept(trained, tmp_path):
    old = tmp_path / 'tiny.pt2'
    old.write_text('mine')
    with pytest.raises(MGDMError, match=r'differs from the recogniser by .*Nothing was written'):
        main([str(trained.checkpoint), '--out', str(old), '--tolerance', '1e-12', '--overwrite'])

    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [('tiny.pt2', 'mine')]


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        ('{ckpt} --out {tmp}/m.tflite', r'should end in \.onnx for --format onnx'),
        ('{ckpt} --out {tmp}/m --format torch', r'in \.pt2 for --format torch'),
        ('{ckpt} --out {tmp}/there.onnx', 'exists already; add --overwrite'),
        ('{ckpt} --out {tmp}/folder.onnx', 'is a folder'),
        ('{ckpt} --out {tmp}/m.onnx --opset 17', r'from 18 to \d+, .* got 17'),
        ('{ckpt} --out {tmp}/m.onnx --tolerance 0', 'above 0, got 0.0'),
        ('{ckpt} --out {tmp}/m.onnx --labels a --labels-file b', 'give one of the two'),
        ('{ckpt} --out {tmp}/m.pt2 --labels flying', "'flying': not among the 5 labels"),
        ('{ckpt} --out {tmp}/m.pt2 --cfg-options model.neck.num_frames.x=3', 'does not fit'),
        ('{config} --out {tmp}/m.onnx', 'name the checkpoint, too'),
        ('{tmp}/gone.pth --out {tmp}/m.onnx', 'gone.pth does not exist'),
    ],
)
def test_mistakes(trained, tmp_path, args, message):
    (tmp_path / 'there.onnx').write_text('')
    (tmp_path / 'folder.onnx').mkdir()
    before = sorted(tmp_path.iterdir())
    words = [
        word.format(ckpt=trained.checkpoint, config=trained.config, tmp=tmp_path)
        for word in args.split()
    ]
    with pytest.raises(MGDMError, match=message):
        main(words)

    assert sorted(tmp_path.iterdir()) == before


def test_missing_packages_are_named_with_the_command(trained, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxscript', None)
    with pytest.raises(MGDMError, match=r"pip install 'mgdm-mmaction\[export\]'"):
        main([str(trained.checkpoint), '--out', str(tmp_path / 'm.onnx')])


# Run in a process in which neither PyTorch nor anything of OpenMMLab can be imported.
_ALONE = """
import runpy, sys
for name in ('mgdm_mmaction', 'mmaction', 'mmengine', 'mmcv', 'torch', 'decord'):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.mark.slow
@pytest.mark.skipif(not PAGE.is_file(), reason='no pages here')
def test_the_reader_on_the_page_sees_what_the_test_pipeline_sees(trained, tmp_path):
    code = re.search(r'```python\n(.*?)```', PAGE.read_text('utf-8'), re.DOTALL)[1]
    (tmp_path / 'recognize.py').write_text(code)
    main([str(trained.checkpoint), '--out', str(tmp_path / 'm.onnx')])
    trained.recognizer.cfg = trained.cfg
    expected = inference_recognizer(trained.recognizer, str(trained.clip)).pred_score.numpy()

    def read(clip):
        command = [sys.executable, '-c', _ALONE, 'recognize.py', 'm.onnx', str(clip)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)

    lines = [line.split('  ') for line in read(trained.clip).stdout.splitlines()]
    broken = tmp_path / 'text.mp4'
    broken.write_text('hello')
    refused = read(broken)

    classes = trained.recognizer.text_bank.classes
    order = expected.argsort()[::-1]
    assert np.diff(expected[order]).max() < -1e-3, 'no two classes may tie'
    assert [name for _, name in lines] == [classes[i] for i in order]
    # The page promises 0.001; on this processor both decoders give the same pixels.
    np.testing.assert_allclose([float(score) for score, _ in lines], expected[order], atol=1e-3)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1] == f'{broken}: no frames'
