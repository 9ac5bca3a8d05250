"""Compares the knowledge graph with the lists before the first step."""

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from ...config import ParsedConfig
from ...datasets import base_datasets, check_dataset
from ...datasets.transforms import AttachTriplets
from ...errors import MGDMError

__all__ = ['CheckGraphHook']


@HOOKS.register_module()
class CheckGraphHook(Hook):
    """Stop a training whose graph does not fit.

    An error where the pipeline attaches triples of another graph than the model's, where the graph
    was made from other lists than the training list, or holds movements of videos of the
    validation or test list. The log says how many training videos have movements.

    Args:
        allow_transductive (bool): Let the graph hold movements of videos that it is tested on.
            Results are then not those of an honest test. Defaults to False.

    Example:
        >>> custom_hooks = [dict(type='CheckGraphHook')]
    """

    def __init__(self, allow_transductive: bool = False) -> None:
        self.allow_transductive = allow_transductive

    def before_train(self, runner: Runner) -> None:
        """Check the graphs of the training data.

        Raises:
            MGDMError: If one does not fit.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        own = getattr(model, 'graph', None)
        for dataset in base_datasets(runner.train_dataloader.dataset):
            for transform in dataset.pipeline.transforms:
                if isinstance(transform, AttachTriplets):
                    self._check(runner, transform.graph, own)

    def _check(self, runner: Runner, graph, own) -> None:
        if own is not None and own.digest != graph.digest:
            raise MGDMError(
                f'AttachTriplets reads {graph.path}, but `model.graph` is {own.path}, which '
                'differs: name the same file in both.'
            )
        cfg = ParsedConfig.of(runner.cfg)
        lists = {
            split: [s for data in cfg.datasets(split) for s in check_dataset(data)]
            for split in ('train', 'val', 'test')
        }
        graph.check_lists({found.ann_file: found.digest for found in lists['train']})
        if not graph.of_videos:
            runner.logger.info(f'{graph.path}: no movements of videos, so there is no v-b loss')
            return
        for found in {s.ann_file: s for s in (*lists['val'], *lists['test'])}.values():
            try:
                graph.check_held_out([path for path, _ in found.rows], found.ann_file)
            except MGDMError as error:
                if not self.allow_transductive:
                    raise
                runner.logger.warning(f'TRANSDUCTIVE, not an honest test: {error}')
        known = sum(p in graph.of_videos for found in lists['train'] for p, _ in found.rows)
        total = sum(found.num_videos for found in lists['train'])
        runner.logger.info(f'{graph.path}: {known} of {total} training videos have movements')
