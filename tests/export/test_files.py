"""Exported files against the recogniser, what they say about themselves, and the page's reader."""

import contextlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from mmaction.apis import inference_recognizer

from mgdm_mmaction.commands.export import main
from mgdm_mmaction.config import ParsedConfig
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.export import (
    ExportableRecognizer,
    check_file,
    describe_recognizer,
    open_file,
    save_onnx,
)
from tests.export.conftest import PREPROCESSOR
from tests.models.tiny import CLASSES, tiny_model

pytestmark = pytest.mark.slow
PAGE = Path(__file__).resolve().parents[2] / 'docs' / 'export.md'
TWO = ['jumping', 'clapping']


@pytest.fixture(scope='module')
def files(trained, tmp_path_factory):
    """Write both kinds with the command, as a user does."""
    folder = tmp_path_factory.mktemp('exported')
    main([str(trained.checkpoint), '--out', str(folder / 'tiny.onnx'), '--attention'])
    options = ['--labels', *TWO, '--cfg-options', 'model.neck.normalize_video=1']
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        program = [str(trained.config), str(trained.checkpoint), '--out', str(folder / 'tiny.pt2')]
        main([*program, *options])
    (folder / 'printed.txt').write_text(printed.getvalue())
    return folder


def test_report(files):
    text = (files / 'printed.txt').read_text()
    assert re.search(r'tiny\.pt2: \d+\.\d MiB', text)
    assert '2 classes, clips of 2 frames of 64 x 64' in text
    assert re.search(r'with 1, 2 and 5 clips: probabilities \S+e-\d+, logits \S+e-\d+;', text)
    assert {file.name for file in files.iterdir()} == {'tiny.onnx', 'tiny.pt2', 'printed.txt'}


@torch.no_grad()
def _expected(recognizer, pixels):
    frames = recognizer.data_preprocessor(dict(inputs=list(pixels), data_samples=[]))['inputs']
    logits, weights = recognizer.explain(frames)
    return logits[:, 0], weights['frames'].values[:, 0]


@pytest.mark.parametrize('number', [1, 3, 8])
def test_onnx_says_what_the_recogniser_says(files, trained, number):
    session = onnxruntime.InferenceSession(files / 'tiny.onnx', providers=['CPUExecutionProvider'])
    pixels = torch.randint(0, 256, (number, 2, 3, 64, 64), dtype=torch.uint8)

    probabilities, logits, attention = session.run(None, {'frames': pixels.numpy()})

    expected, weights = _expected(trained.recognizer, pixels)
    np.testing.assert_allclose(logits, expected, atol=1e-3, rtol=1e-4)
    np.testing.assert_allclose(probabilities, expected.softmax(-1), atol=1e-5)
    np.testing.assert_allclose(attention, weights, atol=1e-4)


def test_program_says_what_the_recogniser_says(files):
    program = torch.export.load(files / 'tiny.pt2').module()
    recognizer = tiny_model(
        data_preprocessor=PREPROCESSOR, neck=dict(num_layers=1, normalize_video=True)
    ).eval()
    recognizer.cls_head.logit_scale.data.fill_(4.0)
    recognizer.set_classes(TWO)

    for number in (1, 2, 3):
        pixels = torch.randint(0, 256, (number, 2, 3, 64, 64), dtype=torch.uint8)
        probabilities, logits = program(pixels)

        expected, _ = _expected(recognizer, pixels)
        torch.testing.assert_close(logits, expected, atol=1e-3, rtol=1e-4)
        torch.testing.assert_close(probabilities, expected.softmax(-1), atol=1e-5, rtol=0)


def test_onnx_is_plain(files):
    model = onnx.load(files / 'tiny.onnx')
    dims = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
            for v in (*model.graph.input, *model.graph.output)]  # fmt: skip

    onnx.checker.check_model(model, full_check=True)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [('', 18)]
    assert model.producer_name == 'mgdm_mmaction'
    assert dims == [['batch', 2, 3, 64, 64], ['batch', 5], ['batch', 5], ['batch', 2, 5]]
    assert model.graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert [value.name for value in model.graph.output] == ['probabilities', 'logits', 'attention']


def test_metadata_says_what_a_reader_needs(files, trained):
    about = open_file(files / 'tiny.onnx').metadata

    assert about['classes'] == CLASSES
    assert (about['num_frames'], about['num_clips'], about['num_crops']) == (2, 3, 1)
    assert (about['short_side'], about['crop'], about['image_size']) == (72, 64, [64, 64])
    assert np.allclose(about['mean'], PREPROCESSOR['mean'])
    assert about['average_clips'] == 'prob'
    assert [step['type'] for step in about['pipeline']][-1] == 'PackActionInputs'
    program = open_file(files / 'tiny.pt2').metadata
    assert program['classes'] == TWO
    assert {**program, 'outputs': about['outputs'], 'classes': CLASSES} == about


def test_a_pipeline_that_does_more_is_named_and_not_summed_up(trained):
    cfg = trained.cfg.copy()
    cfg.test_pipeline = [
        dict(type='UniformSample', clip_len=2),
        dict(type='Resize', scale=(-1, 72)),
        dict(type='ThreeCrop', crop_size=64),
    ]
    about = describe_recognizer(
        ExportableRecognizer(trained.recognizer), trained.recognizer, ParsedConfig(cfg)
    )

    assert (about['short_side'], about['crop'], about['num_crops']) == (None, None, 3)
    assert about['pipeline'][2] == {'type': 'ThreeCrop', 'crop_size': 64}


def test_no_file_names_folders_of_this_machine(files):
    archive = zipfile.ZipFile(files / 'tiny.pt2')
    program = b''.join(archive.read(name) for name in archive.namelist())

    for content in ((files / 'tiny.onnx').read_bytes(), program):
        assert b'.py"' not in content
        assert b'.py\\"' not in content
        assert b'site-packages' not in content
        assert b'export/folded' not in content


def test_another_recogniser_is_found_out(files, trained):
    other = tiny_model(seed=1, data_preprocessor=PREPROCESSOR, neck=dict(num_layers=1)).eval()
    exportable = ExportableRecognizer(trained.recognizer, attention=True)

    same = check_file(files / 'tiny.onnx', trained.recognizer, exportable)
    different = check_file(files / 'tiny.onnx', other, exportable)

    assert max(same.largest.values()) < 1e-3
    assert same.same_top1
    assert different.largest['logits'] > 0.1


def test_files_of_others_are_refused(tmp_path):
    value = onnx.helper.make_tensor_value_info('x', onnx.TensorProto.FLOAT, [1])
    out = onnx.helper.make_tensor_value_info('y', onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node('Identity', ['x'], ['y'])
    graph = onnx.helper.make_graph([node], 'g', [value], [out])
    opset = onnx.helper.make_opsetid('', 18)
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=[opset], ir_version=8), tmp_path / 'x.onnx'
    )
    with pytest.raises(MGDMError, match=r'x\.onnx was not written by tools/export\.py'):
        open_file(tmp_path / 'x.onnx')
    for name in ('text.onnx', 'text.pt2'):
        (tmp_path / name).write_text('hello')
        with pytest.raises(MGDMError, match=f'cannot read .*{name}'):
            open_file(tmp_path / name)


def test_one_frame_one_class_normalised_input_and_weights_apart(tmp_path, trained):
    changes = dict(neck=dict(num_layers=1, num_frames=1), cls_head=dict(classes=['jumping']))
    model = tiny_model(**changes, data_preprocessor=PREPROCESSOR).eval()
    exportable = ExportableRecognizer(model, 'float32', attention=True)
    about = describe_recognizer(exportable, model, ParsedConfig(trained.cfg))
    # With its weights beside the file, and both elsewhere than they were written.
    save_onnx(exportable, tmp_path / 'm.onnx', about, external_data=True)
    moved = tmp_path / 'elsewhere'
    moved.mkdir()
    for file in list(tmp_path.glob('m.onnx*')):
        file.rename(moved / file.name)
    assert sorted(file.name for file in moved.iterdir()) == ['m.onnx', 'm.onnx.data']
    assert (moved / 'm.onnx').stat().st_size < (moved / 'm.onnx.data').stat().st_size
    found = check_file(moved / 'm.onnx', model, exportable, batch_sizes=(1, 2, 7))
    assert max(found.largest.values()) < 1e-3
    assert found.same_top1
    assert open_file(moved / 'm.onnx').metadata == about


# Run in a process in which neither PyTorch nor anything of OpenMMLab can be imported.
_ALONE = """
import runpy, sys
for name in ('mgdm_mmaction', 'mmaction', 'mmengine', 'mmcv', 'torch', 'decord'):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name='__main__')
"""


@pytest.mark.skipif(not PAGE.is_file(), reason='no pages here')
def test_the_reader_on_the_page_sees_what_the_test_pipeline_sees(files, trained, tmp_path):
    code = re.search(r'```python\n(.*?)```', PAGE.read_text('utf-8'), re.DOTALL)[1]
    (tmp_path / 'recognize.py').write_text(code)
    trained.recognizer.cfg = trained.cfg
    expected = inference_recognizer(trained.recognizer, str(trained.clip)).pred_score.numpy()

    def read(clip):
        command = [sys.executable, '-c', _ALONE, 'recognize.py', files / 'tiny.onnx', clip]
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
