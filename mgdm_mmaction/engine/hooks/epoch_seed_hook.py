"""Random numbers that depend on the epoch and not on when the run was started."""

import functools
import random

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

__all__ = ['EpochSeedHook', 'epoch_seed']


def epoch_seed(seed: int, epoch: int, rank: int = 0, worker: int = 0) -> int:
    """Return a seed of 32 bits that differs for every epoch, rank and worker.

    Args:
        seed (int): The seed of the run.
        epoch (int): Epoch, from 0.
        rank (int): Rank of the process.
        worker (int): 0 for the process itself, 1 + id for its workers.
    """
    sequence = np.random.SeedSequence([seed, epoch, rank, worker])
    return int(sequence.generate_state(1)[0])


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seed Python, numpy and torch, and the workers, at the start of every training epoch.

    MMEngine saves no random state. After a resume the augmentations and dropout of the second epoch
    would use the numbers of the first, so a resumed run ends elsewhere than one that was never
    stopped. What is more, its workers get the same seed in every epoch, and augment every epoch by
    the same numbers unless they persist. With this hook the numbers follow from (seed, epoch, rank,
    worker), so that a run that was stopped after any epoch and resumed is bit for bit the run that
    was not, and every epoch and rank augments in its own way. The number of workers must stay the
    same. Persistent workers are started anew every epoch, because nothing else reseeds them.

    The order of the samples is MMEngine's (seed + epoch); a seed that MMEngine drew itself is taken
    from the checkpoint here, which MMEngine does too late for the sampler.

    Example:
        >>> custom_hooks = [dict(type='EpochSeedHook')]
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Give the sampler the seed of the run, which a resume may have changed."""
        loader = runner.train_dataloader
        for sampler in (loader.sampler, getattr(loader.batch_sampler, 'sampler', None)):
            if isinstance(getattr(sampler, 'seed', None), int):
                sampler.seed = self._seed(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed this process and the workers of the coming epoch."""
        seed, rank = self._seed(runner), get_rank()
        _seed_all(epoch_seed(seed, runner.epoch, rank))
        loader = runner.train_dataloader
        if isinstance(loader, DataLoader) and loader.num_workers > 0:
            _stop_persistent_workers(loader)
            loader.worker_init_fn = functools.partial(_seed_worker, seed, runner.epoch, rank)

    @staticmethod
    def _seed(runner: Runner) -> int:
        """The seed that all ranks share: with ``diff_rank_seed`` each rank's has its rank added."""
        differs = runner._randomness_cfg.get('diff_rank_seed', False)
        return runner.seed - (get_rank() if differs else 0)


def _seed_worker(seed: int, epoch: int, rank: int, worker_id: int) -> None:
    _seed_all(epoch_seed(seed, epoch, rank, 1 + worker_id))


def _seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # seeds all CUDA devices, too


def _stop_persistent_workers(loader: DataLoader) -> None:
    iterator = getattr(loader, '_iterator', None)
    if iterator is not None:
        iterator._shutdown_workers()
        loader._iterator = None
