"""What the command of exporting refuses."""

import sys

import pytest

from mgdm_mmaction.commands.export import main
from mgdm_mmaction.errors import MGDMError


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
        ('{ckpt} --out {tmp}/m.tflite', r'should end in \.onnx or \.pt2'),
        ('{ckpt} --out {tmp}/there.onnx', 'exists already; add --overwrite'),
        ('{ckpt} --out {tmp}/folder.onnx', 'is a folder'),
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
