"""Options that nothing reads, and values of a wrong type or range, are refused in one line."""

import inspect
from pathlib import Path

import pytest
from mmengine.runner import FlexibleRunner, Runner

from mgdm_mmaction.config import read_config
from mgdm_mmaction.config_rules import _READ, _SECTIONS
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.models.layers.region_tokens import RegionTokens
from mgdm_mmaction.models.layers.unit_bank import UnitBank

CONFIGS = Path(__file__).parents[1] / 'configs'
CONFIG, ASU = (str(CONFIGS / name) for name in ('toy/mgdm_toy.py', 'asu/asu_toy.py'))
PIPELINE = 'train_dataloader.dataset.pipeline'


def mistake(options: dict, config: str = CONFIG) -> str:
    with pytest.raises(MGDMError) as caught:
        read_config(config, options)
    message = str(caught.value)
    assert '\n' not in message
    return message


@pytest.mark.parametrize(
    ('key', 'meant'),
    [
        ('optim_wraper.optimizer.lr', 'optim_wrapper'),
        ('batchsize', 'batch_size'),
        ('train_dataloader.batchsize', 'batch_size'),
        ('train_dataloader.dataset.anfile', 'ann_file'),
        ('train_cfg.maxepochs', 'max_epochs'),
        ('optim_wrapper.optimizer.weightdecay', 'weight_decay'),
        ('param_scheduler.0.ends', 'end'),
        ('randomness.sead', 'seed'),
        ('model.necks.num_layers', 'neck'),
        ('model.neck.numlayers', 'num_layers'),
        ('model.cls_head.discriminator.layers', 'num_layers'),
        ('model.test_cfg.averageclips', 'average_clips'),
        (f'{PIPELINE}.1.pol', 'pool'),
    ],
)
def test_a_key_that_nothing_reads_is_refused_with_the_nearest(key, meant):
    assert f'--cfg-options {key}: ' in (message := mistake({key: 1}))
    assert message.endswith(f'nothing would read it; did you mean {meant!r}?')


def test_sections_of_semantic_units_and_regions():
    assert "did you mean 'file'?" in mistake({'model.units.fil': 'x'}, ASU)
    assert "did you mean 'num_regions'?" in mistake({'model.regions.num_region': 4}, ASU)
    assert '0 or more' in mistake({'model.regions.num_regions': -1}, ASU)
    assert 'a section, dict(...)' in mistake({'model.units': 'toy'}, ASU)
    read_config(ASU, {'model.units.kinds': ['body'], 'model.units.prompt': '{}'})
    # What the recogniser itself does not say.
    taken = {*inspect.signature(UnitBank).parameters, *inspect.signature(RegionTokens).parameters}
    assert {*_SECTIONS['model.units'], *_SECTIONS['model.regions']} <= taken


def test_other_keys_that_change_nothing():
    assert "has no 'a' and nothing would read it" in mistake({'a.b.c.d': 1})
    # The config has this one, but it was used up when the file was read.
    assert 'data_root was used up when' in mistake({'data_root': '/elsewhere'})


def test_keys_that_something_reads_are_taken():
    read_config(
        CONFIG,
        {
            'randomness.seed': 3,
            'find_unused_parameters': True,
            'model.backbone.frozen_stages': 1,
            'model.neck.attention': 'uniform',
            f'{PIPELINE}.5.p': 0.5,  # of **kwargs
            'optim_wrapper.type': 'AmpOptimWrapper',
            'optim_wrapper.clip_grad.max_norm': 1,
            'default_hooks.checkpoint.by_epoch': True,
            'train_dataloader.prefetch_factor': 2,
            'visualizer.vis_backends.0.save_dir': 'x',
        },
    )
    arguments = {
        *inspect.signature(Runner).parameters,
        *inspect.signature(FlexibleRunner).parameters,
    }
    assert arguments - {'cfg'} <= set(_READ)


@pytest.mark.parametrize(
    ('key', 'value', 'expected'),
    [
        *(('batch_size', size, 'whole number, 1 or more') for size in (0, -3, 'four', 1.5, True)),
        ('train_dataloader.num_workers', -1, 'a whole number, 0 or more'),
        ('val_dataloader.num_workers', 'x', 'a whole number, 0 or more'),
        ('train_dataloader.persistent_workers', 'maybe', 'True or False'),
        *(('optim_wrapper.optimizer.lr', value, 'a number above 0') for value in ('abc', 0, -1)),
        ('train_cfg.val_interval', 0, '1 or more'),
        *(('train_cfg.max_epochs', value, '1 or more') for value in (0, -1, 2.5)),
        *(('randomness.seed', seed, 'from 0 to 4294967295') for seed in (-1, 10**20, 'x')),
        ('num_frames', 0, '1 or more'),
        ('model.neck.num_frames', 4, '4, the num_frames of the model'),
        ('model.neck.num_layers', -1, '0 or more'),
        ('model.cls_head.discriminator.num_layers', 'two', '0 or more'),
        ('k', -1, '0 or more'),
        ('log_level', 'BOGUS', 'one of DEBUG, INFO'),
        ('launcher', 'foo', 'one of none, pytorch'),
        (f'{PIPELINE}.2.scale', [-1, 64], 'a number, or a tuple of width and height'),
        (PIPELINE, 5, 'a list of dict'),
        ('custom_hooks', 5, 'a list of dict'),
        ('val_evaluator', 5, 'dict(...) or a list'),
        ('work_dir', 5, 'a path'),
        *(
            (key, 5, 'a section, dict(...)')
            for key in (
                'model', 'model.neck', 'model.test_cfg', 'model.cls_head.discriminator',
                'default_hooks', 'default_hooks.checkpoint', 'train_dataloader',
                'train_dataloader.dataset', 'train_cfg', 'env_cfg', 'optim_wrapper',
            )
        ),
    ],
)  # fmt: skip
def test_values_of_a_wrong_type_or_range(key, value, expected):
    message = mistake({key: value})
    assert f'{CONFIG}: ' in message
    assert expected in message.split('; expected ')[1]


def test_several_labels_have_no_top_1():
    several = {'val_dataloader.dataset.multi_class': True}
    precision = dict(type='AccMetric', metric_list='mean_average_precision')
    assert 'val_dataloader has several labels a video (multi_class)' in mistake(several)
    both = {**several, 'val_evaluator': [precision, dict(type='ConfusionMatrix')]}
    assert 'of which ConfusionMatrix counts no top-1' in mistake(both)
    # `tools/test.py --dump` adds the second.
    dump = dict(type='DumpResults', out_file_path='scores.pkl')
    read_config(CONFIG, {**several, 'val_evaluator': [precision, dump]})


def test_frames_taken_one_by_one_fit_the_model():
    """MMAction2's samplers for 2D models give clips of one frame."""
    cfg = read_config(CONFIG)
    for split in ('train', 'val', 'test'):
        for step in cfg.find_steps(split, 'UniformSample'):
            step.update(clip_len=1, num_clips=8)
    assert cfg.merge(None) is cfg
