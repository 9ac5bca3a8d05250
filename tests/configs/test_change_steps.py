"""Changing steps of pipelines by their names, as config files do."""

import pytest
from mmengine.config import Config

from mgdm_mmaction import MGDMError
from mgdm_mmaction.config import Attach, ParsedConfig, change_steps, read_config
from mgdm_mmaction.datasets import AttachHardNegatives
from tests.configs.walk import CONFIGS


def config():
    inner = dict(type='UniformSample', clip_len=16)
    wrapped = dict(type='SkipUnreadable', transforms=[dict(type='DecordInit'), inner])
    attach = dict(type=AttachHardNegatives, k=7)
    flip = dict(type='mmaction.Flip', flip_ratio=0.5)
    dataset = dict(type='VideoDataset', pipeline=[wrapped, attach, flip])
    repeated = dict(type='RepeatDataset', times=2, dataset=dataset)
    return dict(
        train_dataloader=dict(dataset=dict(type='ConcatDataset', datasets=[repeated])),
        test_pipeline=[dict(wrapped)],
    )


def test_finds_steps_in_wrappers_and_in_any_spelling():
    cfg = Config(config())
    change_steps(
        cfg,
        UniformSample=dict(clip_len=8),
        AttachHardNegatives=dict(k=3, start=7),
        Flip=dict(flip_ratio=0),
    )
    dataset = cfg.train_dataloader.dataset.datasets[0].dataset
    read, attach, flip = dataset.pipeline
    assert read.transforms[1].clip_len == cfg.test_pipeline[0].transforms[1].clip_len == 8
    assert (attach.k, attach.start, flip.flip_ratio) == (3, 7, 0)


def test_an_option_of_the_command_line():
    cfg = ParsedConfig(Config(config())).merge({'AttachHardNegatives.pool': 14, 'k': 3})
    assert cfg.attach == Attach(k=3, pool=14)


def test_refuses_a_step_that_is_not_there():
    with pytest.raises(MGDMError, match='no pipeline has a step UniformSampel; there are Att'):
        change_steps(config(), UniformSampel=dict(clip_len=8))


def test_a_mistake_in_a_config_file_is_one_line(tmp_path):
    my = tmp_path / 'my.py'
    my.write_text(
        f"_base_ = '{CONFIGS / 'mgdm_k400.py'}'\n"
        'from mgdm_mmaction.config import change_steps\n'
        'change_steps(_base_, AttachNegatives=dict(k=3))\n'
    )
    with pytest.raises(MGDMError, match='no pipeline has a step AttachNegatives'):
        Config.fromfile(str(my))


def test_variables_of_a_config_are_not_logged(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr('mmengine.config.config.print_log', lambda text, **_: said.append(text))
    monkeypatch.setenv('MGDM_NAME', 'b')
    path = tmp_path / 'my.py'
    path.write_text("name = '{{$MGDM_NAME:a}}'\n")
    assert read_config(path).config.name == 'b'
    assert not said
    Config.fromfile(path)
    assert said, 'MMEngine itself goes on as before'
