"""A run that was stopped and resumed equals one that was not, with random augmentation."""

import os

import pytest
import torch

from mgdm_mmaction.engine.hooks.epoch_seed_hook import epoch_seed

LOADERS = {
    'no workers': {},
    'two workers': {'train_dataloader.num_workers': 2},
    'persistent workers': {
        'train_dataloader.num_workers': 2,
        'train_dataloader.persistent_workers': True,
    },
}


def resumed(small_cfg, train_small, epoch, **changes):
    """Train up to an epoch, then the rest in a second run."""
    changes = {'name': f'stopped{epoch}', **changes}
    train_small(small_cfg(**changes), stop_after=epoch)
    second = small_cfg(**changes)
    second.resume = True
    torch.rand(5)  # where the generators stand must not matter
    return train_small(second)


@pytest.mark.parametrize('loader', LOADERS)
@pytest.mark.parametrize('epoch', [1, 2])
def test_resume_is_bit_for_bit(small_cfg, train_small, loader, epoch):
    whole = train_small(small_cfg(name='whole', **LOADERS[loader]))
    assert torch.equal(whole, resumed(small_cfg, train_small, epoch, **LOADERS[loader]))


@pytest.mark.parametrize('loader', ['no workers', 'persistent workers'])
def test_without_the_hook_it_is_not(small_cfg, train_small, loader):
    """The fault itself; when MMEngine mends it, the hook can go."""
    changes = {**LOADERS[loader], 'custom_hooks': []}
    whole = train_small(small_cfg(name='whole', **changes))
    assert not torch.equal(whole, resumed(small_cfg, train_small, 1, **changes))


@pytest.mark.parametrize('differs', [False, True])
def test_a_seed_that_mmengine_drew_comes_back(small_cfg, train_small, differs):
    """No seed in the config: the sampler has to follow the one in the checkpoint."""
    drawn = {'randomness': dict(seed=None, deterministic=True, diff_rank_seed=differs)}
    cfg = small_cfg(name='whole', **drawn)
    whole = train_small(cfg)
    latest = torch.load(os.path.join(cfg.work_dir, 'epoch_1.pth'))
    second = small_cfg(name='second', **drawn)
    second.resume = True
    second.load_from = os.path.join(cfg.work_dir, 'epoch_1.pth')
    assert latest['meta']['seed'] is not None
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


@pytest.mark.parametrize('loader', LOADERS)
def test_every_epoch_augments_in_its_own_way(small_cfg, loader):
    from mmengine.hooks import Hook
    from mmengine.runner import Runner

    class Record(Hook):
        def __init__(self):
            self.seen = []

        def before_train_iter(self, runner, batch_idx, data_batch=None):
            self.seen += [tuple(x[:3].frac().tolist()) for x in data_batch['inputs']]

    record = Record()
    runner = Runner.from_cfg(small_cfg(**LOADERS[loader]))
    runner.register_hook(record)
    runner.train()
    assert len(record.seen) == 36
    for generator in range(3):
        assert len({values[generator] for values in record.seen}) == 36
