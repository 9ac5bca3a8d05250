"""A run that was stopped and resumed equals one that was not, with random augmentation."""

import os

import pytest
import torch
from mmengine.hooks import Hook

from mgdm_mmaction.engine.hooks.epoch_seed_hook import epoch_seed

WORKERS = {'train_dataloader.num_workers': 2}
PERSISTENT = {**WORKERS, 'train_dataloader.persistent_workers': True}


class Record(Hook):
    """Keeps what the three generators drew for every sample."""

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen += [tuple(x[:3].frac().tolist()) for x in data_batch['inputs']]


def resumed(small_cfg, train_small, epoch, **changes):
    """Train up to an epoch, then the rest in a second run."""
    changes = {'name': f'stopped{epoch}', **changes}
    train_small(small_cfg(**changes), StopAfter(epoch))
    second = small_cfg(**changes)
    second.resume = True
    torch.rand(5)  # where the generators stand must not matter
    return train_small(second)


class StopAfter(Hook):
    """Ends a run after an epoch, as someone who needs the machine would."""

    priority = 'LOWEST'  # its checkpoint is written

    def __init__(self, epoch):
        self.epoch = epoch

    def after_train_epoch(self, runner):
        runner.train_loop.stop_training = runner.epoch + 1 == self.epoch


@pytest.mark.parametrize(('loader', 'epoch'), [({}, 2), (WORKERS, 1), (PERSISTENT, 1)])
def test_resume_is_bit_for_bit_and_every_epoch_augments_in_its_own_way(
    small_cfg, train_small, loader, epoch
):
    record = Record()
    whole = train_small(small_cfg(name='whole', **loader), record)
    assert torch.equal(whole, resumed(small_cfg, train_small, epoch, **loader))
    for generator in range(3):
        assert len({values[generator] for values in record.seen}) == len(record.seen) == 36


@pytest.mark.parametrize('loader', [{}, PERSISTENT])
def test_without_the_hook_it_is_not(small_cfg, train_small, loader):
    """The fault itself; when MMEngine fixes it, the hook can go."""
    changes = {**loader, 'custom_hooks': []}
    whole = train_small(small_cfg(name='whole', **changes))
    assert not torch.equal(whole, resumed(small_cfg, train_small, 1, **changes))


@pytest.mark.parametrize('differs', [False, True])
def test_a_seed_that_mmengine_drew_comes_back(small_cfg, train_small, differs):
    """No seed in the config: the sampler has to follow the one in the checkpoint."""
    drawn = {'randomness': dict(seed=None, deterministic=True, diff_rank_seed=differs)}
    cfg = small_cfg(name='whole', **drawn)
    whole = train_small(cfg)
    second = small_cfg(name='second', **drawn)
    second.resume = True
    second.load_from = os.path.join(cfg.work_dir, 'epoch_1.pth')
    assert torch.load(second.load_from)['meta']['seed'] is not None
    assert torch.equal(whole, train_small(second))


def test_seeds_differ_by_epoch_rank_and_worker():
    seeds = {
        epoch_seed(seed, epoch, rank, worker)
        for seed in (0, 1)
        for epoch in range(10)
        for rank in range(4)
        for worker in range(5)
    }
    assert len(seeds) == 2 * 10 * 4 * 5
    assert all(0 <= seed < 2**32 for seed in seeds)
