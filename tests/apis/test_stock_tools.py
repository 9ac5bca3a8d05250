"""MMAction2's own tools and functions work with our configs."""

import os
import pickle

import mmaction
import pytest

from tests.apis.conftest import CONFIG, SHORT

STOCK = os.path.join(os.path.dirname(mmaction.__file__), '.mim')
pytestmark = pytest.mark.slow


def stock(toy, name, *args, **variables):
    path = os.path.join(STOCK, 'tools', name)
    root = os.path.dirname(os.path.dirname(os.path.dirname(CONFIG)))
    variables = {**toy.env, 'PYTHONPATH': root, **variables}
    done = toy.run(variables['PYTHON'], path, CONFIG, *args, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_train_resume_and_test(toy, trained, tmp_path):
    options = ['--work-dir', tmp_path, '--cfg-options', *SHORT]
    assert 'resumed epoch: 1' in stock(toy, 'train.py', '--resume', trained, *options)
    out = stock(toy, 'test.py', tmp_path / 'epoch_2.pth', '--work-dir', tmp_path)
    assert 'acc/top1:' in out


def test_get_flops(toy):
    out = stock(toy, 'analysis_tools/get_flops.py', '--shape', 8, 3, 64, 64)
    assert 'Flops:' in out
    assert 'Params:' in out


def test_vis_scheduler(toy, tmp_path):
    out = tmp_path / 'lr.png'
    options = ['--cfg-options', f'work_dir={tmp_path}', 'train_cfg.max_epochs=2']
    stock(
        toy, 'visualizations/vis_scheduler.py', '--save-path', out, '--dataset-size', 32,
        '--not-show', *options,
    )  # fmt: skip
    assert out.stat().st_size > 1000


def test_clip_feature_extraction(toy, trained, tmp_path):
    stock(toy, 'misc/clip_feature_extraction.py', trained, tmp_path, '--spatial-type', 'keep')
    found = sorted((tmp_path / 'val').rglob('*.pkl'))
    assert len(found) == 12
    assert pickle.loads(found[0].read_bytes()).shape == (128,)


def test_print_config(toy):
    out = stock(toy, 'analysis_tools/print_config.py', MGDM_K='3', MGDM_FRAMES='4')
    assert 'HardNegativeTextHead' in out
    # The keys of docs/configs.md reach every place that needs them.
    assert 'k=3' in out
    assert 'num_frames=4' in out
    assert out.count('clip_len=4') >= 3


@pytest.fixture
def video(toy, monkeypatch):
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    name, label = (toy.root / 'val_list.txt').read_text().splitlines()[5].rsplit(' ', 1)
    return str(toy.root / 'videos' / name), int(label)


def test_inference_functions(video, trained):
    from mmaction.apis import inference_recognizer, init_recognizer

    model = init_recognizer(CONFIG, str(trained), device='cpu')
    result = inference_recognizer(model, video[0])
    assert result.pred_score.shape == (12,)
    assert abs(float(result.pred_score.sum()) - 1) < 1e-4


def test_inferencer(toy, video, trained):
    from mmaction.apis.inferencers import ActionRecogInferencer

    inferencer = ActionRecogInferencer(
        CONFIG, str(trained), device='cpu', label_file=str(toy.root / 'classes.txt')
    )
    result = inferencer(video[0], print_result=False)
    scores = result['predictions'][0]['pred_scores']
    assert len(scores) == 12
