"""Backends for curves: what `--vis` makes of a config, and what MMEngine takes."""

import importlib.util
import inspect

import pytest
from mmengine.config import Config
from mmengine.registry import VISBACKENDS
from mmengine.visualization import WandbVisBackend

from mgdm_mmaction.apis.train import prepare_config
from mgdm_mmaction.apis.vis_backends import BACKENDS, add_vis_backends, check_vis_backends
from mgdm_mmaction.commands.train import parse_args
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import CONFIG


def prepare(*args):
    return prepare_config(parse_args([CONFIG, *args])).config


def kinds(cfg):
    return [backend['type'] for backend in cfg.visualizer.vis_backends]


def test_without_the_option_nothing_changes():
    cfg = prepare()
    assert kinds(cfg) == ['LocalVisBackend']
    assert 'log_with_hierarchy' not in cfg.log_processor


def test_the_configs_own_backends_stay():
    cfg = prepare('--vis', 'tensorboard', 'wandb', 'tensorboard')
    assert kinds(cfg) == ['LocalVisBackend', 'TensorboardVisBackend', 'WandbVisBackend']
    assert cfg.visualizer.type == 'ActionVisualizer'
    assert cfg.log_processor.log_with_hierarchy
    assert cfg.log_processor.window_size == 20  # MMAction2's, still
    add_vis_backends(cfg, ['wandb'])
    assert len(kinds(cfg)) == 3


def test_a_config_without_a_visualizer():
    cfg = Config(dict(model={}))
    add_vis_backends(cfg, ['tensorboard'])
    assert kinds(cfg) == ['LocalVisBackend', 'TensorboardVisBackend']


def test_options_of_a_backend_by_the_line_of_the_page():
    cfg = prepare(
        '--vis', 'wandb',
        '--cfg-options', 'visualizer.vis_backends.1.init_kwargs.project=actions',
        'visualizer.vis_backends.1.init_kwargs.name=k=7',
    )  # fmt: skip
    assert cfg.visualizer.vis_backends[1].init_kwargs == dict(project='actions', name='k=7')


def test_wandb_takes_what_we_give(tmp_path):
    """Not run with wandb itself, which is not among the requirements of the tests."""
    options = {key for key in BACKENDS['wandb'] if key != 'type'} | {'init_kwargs'}
    assert options <= inspect.signature(WandbVisBackend).parameters.keys()
    cfg = prepare('--vis', 'wandb', '--cfg-options', 'visualizer.vis_backends.1.commit=True')
    backend = VISBACKENDS.build({**cfg.visualizer.vis_backends[1], 'save_dir': str(tmp_path)})
    assert isinstance(backend, WandbVisBackend)
    names = [metric['name'] for metric in backend._define_metric_cfg]
    assert names == ['train/*', 'val/*']


@pytest.mark.parametrize('name', BACKENDS)
def test_a_missing_package_is_told(name, monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda package: None)
    with pytest.raises(MGDMError, match=f'needs the package {name}: pip install {name}, or train'):
        check_vis_backends(prepare('--vis', name))
    check_vis_backends(prepare())
