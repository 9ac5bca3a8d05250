"""The benchmarks of training do what they say they measure; no test of speed."""

import re

import pytest
import torch

from benchmarks.recipe import CONTROLS, _held, benchmark_recipe
from benchmarks.run import main
from benchmarks.towers import TOWERS, benchmark_tower
from benchmarks.training import StepSizes, TrainingStep

SIZES = StepSizes('mgdm-tiny', 2, 2, 2)


def options_of(name):
    options = CONTROLS[name]
    if options.get('backbone', {}).get('frozen_stages') == 'half':
        return dict(backbone=dict(frozen_stages=1))
    return options


@pytest.mark.parametrize('name', CONTROLS)
def test_a_step_trains_what_the_control_leaves(name):
    step = TrainingStep(SIZES, **options_of(name))
    before = {key: param.detach().clone() for key, param in step.model.named_parameters()}
    step()
    changed = {
        key for key, param in step.model.named_parameters() if not torch.equal(param, before[key])
    }
    trained = {key for key, param in step.model.named_parameters() if param.requires_grad}
    # A bias of the keys, which softmax cannot see, may stay where it is; most must not.
    assert changed <= trained
    assert len(changed) > 0.9 * len(trained)
    in_tower = any(key.startswith('backbone.') for key in trained)
    assert in_tower == (name != 'backbone.frozen_stages=all')


def test_controls_that_change_no_number():
    plain = float(TrainingStep(SIZES)())
    for name in ('backbone.with_cp=True', 'EMA', 'layer-wise decay 0.75'):
        assert float(TrainingStep(SIZES, **options_of(name))()) == plain, name
    assert float(TrainingStep(SIZES, **options_of('backbone.patch_dropout=0.5'))()) != plain


def test_gradients_that_are_not_finite_are_seen():
    step = TrainingStep(SIZES, watch=True)
    step()
    assert step.finite
    with torch.no_grad():
        step.model.neck.positions[0, 0] = float('nan')
    step()
    assert not step.finite


def test_towers(capsys):
    """The command of docs/PERFORMANCE.md, made tiny."""
    main(['--quick', '--repeats', '1', '--parts', 'towers', '--batches', '2,3'])
    out = capsys.readouterr().out
    rows = re.findall(r'^ +(\d+)  (no|yes) +[\d.]+ +not told$', out, re.MULTILINE)
    assert rows == [('2', 'no'), ('2', 'yes'), ('3', 'no'), ('3', 'yes')]
    found = re.search(r'3 steps on one batch of 2: loss ([\d.]+) -> ([\d.]+); .* all finite', out)
    assert float(found[2]) < float(found[1])
    found = re.search(r'bf16 ([\d.]+), float32 ([\d.]+), relative difference (\S+)', out)
    assert 0 < float(found[3]) < 0.02
    assert found[1] != found[2], 'both were computed in their own precision'


def test_towers_are_those_of_the_configs():
    from tests.configs.walk import read_config

    for name, config in (
        ('mgdm-tiny', 'toy/mgdm_toy.py'),
        ('ViT-L-14', 'mgdm_k400.py'),
        ('ViT-B-16', 'k400/mgdm_vit-b-16_16f_k400.py'),
        ('ViT-B-32', 'k400/mgdm_vit-b-32_16f_k400.py'),
    ):
        model = read_config(config).model
        assert (model.backbone.arch, model.neck.num_frames) == (name, TOWERS[name])


@pytest.mark.slow
def test_too_little_memory_is_a_line_of_the_table(monkeypatch):
    def full(*args, **kwargs):
        raise torch.OutOfMemoryError('out of memory')

    monkeypatch.setattr(TrainingStep, '__call__', full)
    lines = list(benchmark_tower('mgdm-tiny', [2], 1, 1, frames=2))
    assert [line.split()[-2:] for line in lines[3:5]] == [['not', 'told']] * 2
    assert all('no memory' in line for line in lines[3:6])
    assert 'relative difference' in lines[6]


def test_what_is_held_between_steps():
    """Weights and two moments of each in float32, and for EMA the weights once more."""
    numbers = {}
    for name in ('plain', 'EMA', 'backbone.frozen_stages=all'):
        step = TrainingStep(SIZES, **(options_of(name) if name != 'plain' else {}))
        step()
        numbers[name] = _held(step) / 4
    sizes = {key: param.numel() for key, param in step.model.named_parameters()}
    whole = sum(sizes.values())
    tower = sum(size for key, size in sizes.items() if key.startswith('backbone.'))
    # AdamW counts the steps of every tensor, in a number of its own.
    assert numbers['plain'] == 3 * whole + len(sizes)
    assert numbers['EMA'] == 4 * whole + len(sizes)
    assert whole + 2 * (whole - tower) < numbers['backbone.frozen_stages=all'] < 3 * whole


@pytest.mark.slow
def test_recipe():
    lines = list(benchmark_recipe(SIZES, repeats=1, controls=['backbone.with_cp=True']))
    size = r'(\d+ MiB|not told)'
    assert re.fullmatch(rf'  plain +{size} +{size}', lines[3])
    ratio = r'[\d.]+ \([\d.]+-[\d.]+\) of the time'
    assert re.match(rf'  backbone\.with_cp=True +{ratio} +{size} +{size}', lines[4])


def test_curves_are_measured(capsys):
    main(['--quick', '--repeats', '1', '--parts', 'curves'])
    assert re.search(r'all curves +[\d.]+ ms: [\d.]+ x the time', capsys.readouterr().out)
