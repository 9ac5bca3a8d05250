"""The learning rates of all parts of the model, for the log."""

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from .model_summary_hook import count_parts

__all__ = ['LearningRatesHook']


@HOOKS.register_module()
class LearningRatesHook(Hook):
    """Log the learning rate of every part of the model that is trained, at every step.

    MMEngine's log has ``lr``, which is the rate of the first group, hence CLIP's tower, and
    ``base_lr``. This adds ``backbone_lr``, ``neck_lr``, ``discriminator_lr`` and
    ``logit_scale_lr``. Of a part whose parameters start from several rates, as with layer-wise
    decay, it is the highest, and ``backbone_min_lr`` the lowest; those between stay at their fixed
    ratio, which the log names at the start. Reads no tensor, so that a GPU never waits.

    Example:
        >>> custom_hooks = [dict(type='LearningRatesHook')]
    """

    def __init__(self) -> None:
        self._groups: dict[str, int] = {}

    def before_train(self, runner: Runner) -> None:
        """Find the parameter groups of every part."""
        groups = getattr(runner.optim_wrapper, 'param_groups', ())
        if not isinstance(groups, list):  # several optimizers: MMEngine logs each
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        of_param = {id(p): index for index, group in enumerate(groups) for p in group['params']}
        starts = [group.get('initial_lr', group['lr']) for group in groups]
        self._groups = {}
        for part, params in count_parts(model).items():
            found = {of_param[id(p)] for _, p in params if p.requires_grad and id(p) in of_param}
            if not found:
                continue
            name = part.split('.')[-1]
            lowest, highest = (pick(found, key=starts.__getitem__) for pick in (min, max))
            self._groups[f'{name}_lr'] = highest
            if starts[lowest] != starts[highest]:
                self._groups[f'{name}_min_lr'] = lowest

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Log the rates of the coming step."""
        for name, index in self._groups.items():
            rate = runner.optim_wrapper.param_groups[index]['lr']
            runner.message_hub.update_scalar(f'train/{name}', rate)
