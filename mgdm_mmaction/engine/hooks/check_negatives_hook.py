"""Compares the negatives file with the model and the training list before the first step."""

from mmaction.registry import HOOKS
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ...datasets import AttachHardNegatives, base_datasets
from ...errors import MGDMError
from ...mining import TrainedModel
from ...negatives import NegativesFile, video_path

__all__ = ['CheckNegativesHook']


@HOOKS.register_module()
class CheckNegativesHook(Hook):
    """Stop a training whose negatives do not fit, and warn of what merely looks wrong.

    An error where the file was mined for another corpus than the model's, or lacks more than
    ``max_missing`` of the videos of the list. A warning where it lacks fewer, as after a mining
    that skipped unreadable videos, or where it was mined by other CLIP weights than the text bank
    comes from. With ``AttachHardNegatives(missing='class')`` any number of videos may be missing,
    and the error is a class that has no video in the file.

    Args:
        max_missing (float): Fraction of the videos that may lack negatives. Such a video is an
            error when it is decoded after all. Defaults to 0.01.

    Example:
        >>> custom_hooks = [dict(type='CheckNegativesHook')]
    """

    def __init__(self, max_missing: float = 0.01) -> None:
        self.max_missing = max_missing

    def before_train(self, runner: Runner) -> None:
        """Check all negatives files of the training data.

        Args:
            runner (Runner): The runner, its model initialised.

        Raises:
            MGDMError: If a file does not fit.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        bank = getattr(model, 'text_bank', None)
        for dataset in base_datasets(runner.train_dataloader.dataset):
            for transform in dataset.pipeline.transforms:
                if isinstance(transform, AttachHardNegatives) and transform.k:
                    file = transform.file
                    if bank is not None:
                        file.check_corpus(bank.corpus)
                        self._warn_of_other_weights(runner, file, bank)
                    self._check_coverage(runner, transform, dataset)

    @staticmethod
    def _warn_of_other_weights(runner: Runner, file: NegativesFile, bank) -> None:
        mined_with = file.header.weights_digest
        if file.header.settings.get('scorer') == TrainedModel.kind:
            return
        # No weights at all: from a confusion matrix, or imported.
        if mined_with and bank.clip_digest not in (None, mined_with):
            runner.logger.warning(
                f'{file.path} was mined by other CLIP weights (digest {mined_with}, architecture '
                f'{file.header.architecture}) than the ones of this model (digest '
                f'{bank.clip_digest}, {bank.arch}). Training continues; mine again if that was not '
                'meant'
            )

    def _check_coverage(
        self, runner: Runner, transform: AttachHardNegatives, dataset: BaseDataset
    ) -> None:
        file = transform.file
        infos = map(dataset.get_data_info, range(len(dataset)))
        missing = [info for info in infos if file.find(video_path(info)) is None]
        if not missing:
            return
        message = (
            f'{file.path} lacks negatives for {len(missing)} of {len(dataset)} videos of '
            f'{dataset.ann_file}, such as {", ".join(map(video_path, missing[:3]))}'
        )
        if transform.missing == 'class':
            # Raises where a class has none either.
            for info in {info['label']: info for info in missing}.values():
                transform.transform(info)
            runner.logger.warning(f'{message}. They get the negatives of their class')
            return
        if len(missing) > self.max_missing * len(dataset):
            raise MGDMError(
                f"{message}. Mine again with this list, take them off it, or let missing='class' "
                'of AttachHardNegatives give them the negatives of their class'
            )
        runner.logger.warning(
            f'{message}. They are skipped if they cannot be decoded, and an error otherwise'
        )
