"""How many clips one step of the optimizer sees."""

from typing import NamedTuple

from mmengine.runner import Runner

__all__ = ['GlobalBatch', 'global_batch']


class GlobalBatch(NamedTuple):
    """Clips of one step.

    Args:
        per_process (int): Clips of one batch of one process.
        processes (int): Processes.
        accumulated (int): Batches whose gradients are summed for one step.
    """

    per_process: int
    processes: int
    accumulated: int

    @property
    def contrasted(self) -> int:
        """int: Clips that the contrastive loss sees together."""
        return self.per_process * self.processes

    @property
    def total(self) -> int:
        """int: Clips of one step of the optimizer."""
        return self.contrasted * self.accumulated


def global_batch(runner: Runner) -> GlobalBatch:
    """Return the clips of one step of a run.

    Args:
        runner (Runner): The runner, its training loader and optimizer built.
    """
    loader = runner.train_dataloader
    size = loader.batch_size or getattr(loader.batch_sampler, 'batch_size', None) or 0
    accumulated = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
    return GlobalBatch(size, runner.world_size, accumulated)
