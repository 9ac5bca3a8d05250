"""Mines the negatives again with the model in training."""

import shutil
from pathlib import Path

import torch
from mmaction.registry import HOOKS
from mmengine.dist import barrier, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from ...datasets import AttachHardNegatives, base_datasets
from ...errors import MGDMError
from ...mining import Process, TrainedModel, mine
from ...negatives import NegativesFile
from ...negatives.inspection.comparison import match_videos
from ...negatives.inspection.statistics import shared
from .epoch_seed_hook import EpochSeedHook

__all__ = ['RefreshNegativesHook', 'share_kept']


def share_kept(before: NegativesFile, after: NegativesFile, depth: int) -> float:
    """Say how much of the negatives another file has for the same videos.

    Args:
        before (NegativesFile): A file.
        after (NegativesFile): Another with the same corpus.
        depth (int): Hardest negatives of a video that count.

    Returns:
        float: 0 (all are other ones) to 1, the mean over the videos that both files hold; NaN if
        there is none.
    """
    rows, others = match_videos(before, after)
    same = shared(before.negatives[rows, :depth], after.negatives[others, :depth])
    return float(same.mean() / depth) if len(same) else float('nan')


@HOOKS.register_module(name=['RefreshNegativesHook', 'MineAgainHook'])
class RefreshNegativesHook(Hook):
    """Replace the negatives every few epochs by what the model confuses by then.

    An option beyond the paper, which mines once with the frozen CLIP. All ranks share the work
    through the folder of the run, which they must all see. The files stay there,
    ``negatives_epoch_<n>.jsonl``; a resumed run takes the last one. The log gets the curve
    ``negatives_kept``: the share of the negatives that the last mining left as they were.

    Args:
        interval (int, optional): Epochs from one mining to the next. Defaults to 5.
        batch_size (int, optional): Videos encoded together. Defaults to 8.
        num_workers (int, optional): Processes that decode, for each rank. Defaults to 2.
        max_bad_fraction (float, optional): Unreadable videos to leave out. Defaults to 0.01.

    Raises:
        MGDMError: If ``interval`` is below 1.

    Example:
        >>> custom_hooks = [dict(type='RefreshNegativesHook', interval=5)]
    """

    def __init__(
        self,
        interval: int = 5,
        batch_size: int = 8,
        num_workers: int = 2,
        max_bad_fraction: float = 0.01,
    ) -> None:
        if interval < 1:
            raise MGDMError(f'RefreshNegativesHook: interval={interval}; expected 1 or more.')
        self.interval = interval
        self._options = dict(
            batch_size=batch_size, num_workers=num_workers, max_bad_fraction=max_bad_fraction
        )

    def before_train(self, runner: Runner) -> None:
        """Check that workers will see new negatives, and take those of a resumed run.

        Args:
            runner (Runner): The runner, its checkpoint loaded.

        Raises:
            MGDMError: If nothing in the pipeline attaches negatives, or persistent workers would
                keep the old ones.
        """
        loader = runner.train_dataloader
        if not self._transforms(runner):
            raise MGDMError(
                'RefreshNegativesHook: the training pipeline has no AttachHardNegatives with '
                'k > 0, so there is nothing to replace. Take the hook off.'
            )
        renewed = any(isinstance(hook, EpochSeedHook) for hook in runner.hooks)
        if isinstance(loader, DataLoader) and loader.persistent_workers and not renewed:
            raise MGDMError(
                'RefreshNegativesHook: persistent workers keep the negatives that they started '
                'with. Set train_dataloader.persistent_workers=False, or add EpochSeedHook, which '
                'starts them anew every epoch.'
            )
        last = runner.epoch // self.interval * self.interval
        if last and self._file(runner, last).is_file():
            self._replace(runner, last)

    def after_train_epoch(self, runner: Runner) -> None:
        """Mine when it is time to.

        Args:
            runner (Runner): The runner.
        """
        done = runner.epoch + 1
        if done % self.interval or done >= runner.max_epochs:
            return
        out = self._file(runner, done)
        if get_rank() == 0:
            # What a run left that was stopped here: its weights may differ in the last digits.
            shutil.rmtree(f'{out}.parts', ignore_errors=True)
            out.unlink(missing_ok=True)
        barrier()
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        transforms = self._transforms(runner)
        before = transforms[0].file
        depth = max(transform.choice.last for transform in transforms)
        local = torch.cuda.current_device() if torch.cuda.is_available() else 0
        summary = mine(
            runner.cfg,
            out,
            num_negatives=depth,
            progress=False,
            process=Process(get_rank(), get_world_size(), local),
            scorer=TrainedModel(model),
            **self._options,
        )
        barrier()
        self._replace(runner, done)
        if summary is not None:
            kept = share_kept(before, transforms[0].file, depth)
            # In every line of the log from here on, until the next mining.
            runner.message_hub.update_scalar('train/negatives_kept', kept)
            runner.logger.info(
                f'mined again: {summary}\n{100 * kept:.0f} % of the negatives are those of before'
            )

    def _replace(self, runner: Runner, epoch: int) -> None:
        for transform in self._transforms(runner):
            transform.read(str(self._file(runner, epoch)))

    @staticmethod
    def _file(runner: Runner, epoch: int) -> Path:
        return Path(runner.work_dir) / f'negatives_epoch_{epoch}.jsonl'

    @staticmethod
    def _transforms(runner: Runner) -> list[AttachHardNegatives]:
        return [
            transform
            for dataset in base_datasets(runner.train_dataloader.dataset)
            for transform in dataset.pipeline.transforms
            if isinstance(transform, AttachHardNegatives) and transform.k
        ]
