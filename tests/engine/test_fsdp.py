"""FSDP on two gloo processes against DDP on the same two: one start of processes for all runs."""

import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import FlexibleRunner, Runner

from mgdm_mmaction.engine import (
    LearningRatesHook,
    MGDMFullyShardedDataParallel,
    check_fsdp,
    is_cpu_only,
    start_process_group,
    uses_fsdp,
    without_fsdp,
)
from mgdm_mmaction.engine.fsdp.strategy import _by_name
from mgdm_mmaction.errors import MGDMError
from tests.engine.tiny_run import KeepScores, tiny_run_cfg
from tests.models.tiny import tiny_config
from tests.models.two_processes import run_two

BASE = Path(__file__).resolve().parents[2] / 'configs' / '_base_' / 'fsdp.py'

# Part of the tower frozen, rates by layer, two batches a step, another seed on each rank (which
# the weights must not show), a validation in between.
VARIED = dict(
    model=tiny_config(backbone=dict(frozen_stages=1)),
    videos=9,
    val=True,
    optim_wrapper__constructor='LayerDecayOptimWrapperConstructor',
    optim_wrapper__paramwise_cfg__layer_decay_rate=0.5,
    optim_wrapper__accumulative_counts=2,
    auto_scale_lr__enable=True,
    randomness__diff_rank_seed=True,
)
OTHER = tiny_config(neck=dict(num_layers=1))


class Losses(Hook):
    """Keeps the loss of every step."""

    def __init__(self):
        self.values = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.values.append(outputs['loss_contrastive'].item())


def train(folder, name, rank, fsdp, epochs=2, **changes):
    cfg = tiny_run_cfg(folder / name, batch=2, epochs=epochs, launcher='pytorch', **changes)
    start_process_group(cfg)
    kind = Runner
    if fsdp:
        kind = FlexibleRunner
        cfg.runner_type = 'FlexibleRunner'
        cfg.strategy = dict(type='MGDMFSDPStrategy')
        check_fsdp(cfg)
    KeepScores.seen.clear()
    runner, losses = kind.from_cfg(cfg), Losses()
    runner.register_hook(losses)
    runner.register_hook(LearningRatesHook())
    runner.train()
    groups = runner.optim_wrapper.optimizer.param_groups
    result = dict(
        losses=losses.values,
        groups=[(group['lr'], group['weight_decay'], len(group['params'])) for group in groups],
        state=sum(
            value.numel()
            for state in runner.optim_wrapper.optimizer.state.values()
            for value in state.values()
            if value.dim()
        ),
        scores=list(KeepScores.seen),
        scale=runner.model.module.cls_head.logit_scale.item(),
        curves={
            key: list(history.data[0])
            for key, history in runner.message_hub.log_scalars.items()
            # MMEngine's base_lr is that before --auto-scale-lr here.
            if key.startswith('train/') and not key.endswith(('time', 'base_lr'))
        },
    )
    torch.save(result, folder / f'{name}_{rank}.pt')


def worker(rank, port, folder):
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), WORLD_SIZE='2')
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank))
    for fsdp, kind in ((False, 'ddp'), (True, 'fsdp')):
        train(folder, f'{kind}_plain', rank, fsdp)
        train(folder, f'{kind}_varied', rank, fsdp, **VARIED)
    start = str(folder / 'ddp_plain' / 'epoch_1.pth')
    train(folder, 'fsdp_resumed', rank, True, load_from=start, resume=True)
    with pytest.raises(MGDMError) as refused:
        train(folder, 'fsdp_other', rank, True, load_from=start, model=OTHER)
    (folder / f'refused_{rank}').write_text(str(refused.value))
    dist.barrier()
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('runs')
    run_two(worker, folder)
    return folder


def checkpoint(runs, name, epoch=2):
    return torch.load(runs / name / f'epoch_{epoch}.pth', map_location='cpu')


@pytest.mark.slow
class TestAgainstDDP:
    @pytest.mark.parametrize('case', ['plain', 'varied'])
    def test_losses_groups_and_scores(self, runs, case):
        for rank in range(2):
            ddp, fsdp = (torch.load(runs / f'{kind}_{case}_{rank}.pt') for kind in ('ddp', 'fsdp'))
            assert len(ddp['losses']) == (4 if case == 'plain' else 6)
            assert fsdp['losses'] == pytest.approx(ddp['losses'], rel=1e-5)
            assert fsdp['groups'] == ddp['groups']
            assert 'train/neck_lr' in ddp['curves']
            assert ('train/backbone_min_lr' in ddp['curves']) == (case == 'varied')
            assert fsdp['curves'].keys() == ddp['curves'].keys()
            for name, values in ddp['curves'].items():
                assert fsdp['curves'][name] == pytest.approx(values, rel=1e-4, abs=1e-6), name
            assert {decay for _, decay, _ in ddp['groups']} == {0.0, 0.2}
            assert fsdp['scale'] == pytest.approx(ddp['scale'], rel=1e-6)
            assert len(ddp['scores']) == len(fsdp['scores'])
            for ours, theirs in zip(fsdp['scores'], ddp['scores'], strict=True):
                torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)

    def test_a_process_keeps_its_half(self, runs):
        whole = torch.load(runs / 'ddp_plain_0.pt')['state']
        halves = [torch.load(runs / f'fsdp_plain_{rank}.pt')['state'] for rank in range(2)]
        assert sum(halves) == pytest.approx(whole, rel=0.01)
        assert max(halves) < 0.55 * whole

    @pytest.mark.parametrize('case', ['plain', 'varied'])
    def test_the_checkpoint_is_that_of_ddp(self, runs, case):
        ddp, fsdp = (checkpoint(runs, f'{kind}_{case}')['state_dict'] for kind in ('ddp', 'fsdp'))
        assert ddp.keys() == fsdp.keys()
        for name, value in ddp.items():
            if not value.numel():
                continue
            other = fsdp[name]
            if name.endswith('in_proj_bias'):
                # A bias of the keys moves no softmax: its gradient is rounding, which Adam scales.
                value, other = (torch.cat(x.chunk(3)[::2]) for x in (value, other))
            # The mean: Adam scales up what rounding differs in a small gradient. Weights move by
            # up to 4e-3 here.
            assert (other.double() - value.double()).abs().mean() < 2e-6, name

    def test_a_run_of_ddp_is_resumed_by_fsdp(self, runs):
        resumed = torch.load(runs / 'fsdp_resumed_0.pt')['losses']
        assert resumed == pytest.approx(torch.load(runs / 'ddp_plain_0.pt')['losses'][2:], rel=1e-5)

    def test_a_checkpoint_of_another_architecture_is_refused(self, runs):
        for rank in range(2):
            message = (runs / f'refused_{rank}').read_text()
            assert 'of another architecture than the config' in message
            assert 'neck.' in message

    def test_one_process_tests_the_checkpoint(self, runs, tmp_path):
        scores = []
        for name in ('ddp_plain', 'fsdp_plain'):
            cfg = tiny_run_cfg(tmp_path, load_from=str(runs / name / 'epoch_2.pth'))
            cfg.strategy, cfg.runner_type = dict(type='MGDMFSDPStrategy'), 'FlexibleRunner'
            without_fsdp(cfg)
            cfg.test_dataloader = cfg.pop('train_dataloader')
            cfg.pop('train_cfg')
            cfg.pop('optim_wrapper')
            cfg.test_cfg, cfg.test_evaluator = {}, dict(type='mmengine.KeepScores')
            Runner.from_cfg(cfg).test()
            scores.append(KeepScores.seen[-1])
        torch.testing.assert_close(scores[0], scores[1], atol=1e-5, rtol=1e-5)


def fsdp_cfg(**changes):
    cfg = dict(runner_type='FlexibleRunner', strategy=dict(type='MGDMFSDPStrategy'))
    return Config({**cfg, 'launcher': 'pytorch', **changes})


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(launcher='none'), 'start it with tools/dist_train.sh'),
        (dict(runner_type='Runner'), "needs runner_type='FlexibleRunner', but it is 'Runner'"),
        (dict(custom_hooks=[dict(type='EMAHook')]), 'EMAHook does not work with FSDP'),
        (
            dict(default_hooks=dict(ema=dict(type='EMAHook'), checkpoint=None)),
            'EMAHook does not work with FSDP',
        ),
        (dict(optim_wrapper=dict(clip_grad=dict(max_norm=1))), 'clip_grad does not work with FSDP'),
    ],
)
def test_what_does_not_go_with_it_is_refused(changes, message):
    with pytest.raises(MGDMError, match=message):
        check_fsdp(fsdp_cfg(**changes))


def test_an_optimizer_of_other_groups_is_refused():
    state = dict(state={0: {}}, param_groups=[dict(params=[0, 1])])
    assert _by_name(state, [['a', 'b']])['state'].keys() == {'a'}
    with pytest.raises(MGDMError, match='other groups of parameters .* without --resume'):
        _by_name(state, [['a'], ['b']])


def test_nothing_is_offloaded_without_a_gpu():
    if is_cpu_only():
        with pytest.raises(MGDMError, match='cpu_offload=True .* there is no GPU here'):
            MGDMFullyShardedDataParallel(torch.nn.Linear(1, 1), cpu_offload=True)


def test_other_configs_are_left_alone():
    check_fsdp(fsdp_cfg())
    cfg = Config(dict(model={}, optim_wrapper=dict(clip_grad=dict(max_norm=1))))
    check_fsdp(cfg)
    without_fsdp(cfg)
    assert not uses_fsdp(cfg)
    assert 'optim_wrapper' in cfg


def test_the_base_config_is_one(tmp_path):
    child = tmp_path / 'child.py'
    child.write_text(f"_base_ = {[str(BASE)]!r}\nlauncher = 'slurm'\n")
    cfg = Config.fromfile(child)
    assert uses_fsdp(cfg)
    check_fsdp(cfg)
