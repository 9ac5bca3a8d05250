"""MMEngine's FSDP strategy with the optimizer of the whole model, and the configs that use it."""

from typing import Any

from mmengine._strategy import FSDPStrategy
from mmengine.config import Config
from mmengine.optim import BaseOptimWrapper
from mmengine.registry import STRATEGIES
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel as FSDP

from ...errors import MGDMError
from ...models.recognizers import CLIPRecognizer
from ...models.recognizers.architecture import check_architecture
from .model import MGDMFullyShardedDataParallel

__all__ = ['MGDMFSDPStrategy', 'check_fsdp', 'uses_fsdp', 'without_fsdp']


@STRATEGIES.register_module()
class MGDMFSDPStrategy(FSDPStrategy):
    """Train with :class:`MGDMFullyShardedDataParallel` under MMEngine's ``FlexibleRunner``.

    Five things differ from :class:`mmengine._strategy.FSDPStrategy` (mmengine 0.10.7):

    - The optimizer is built from the whole model. MMEngine builds it from the shards, which are
      flat: every weight then looks like a bias and loses its weight decay, and names have the
      wrapper in them, which layer-wise learning rates and some ``custom_keys`` do not match.
    - A checkpoint is one file, whole, on rank 0 (``state_dict_cfg='full'``), the same as without
      FSDP, which ``tools/test.py`` and a run on another number of GPUs read. MMEngine writes a
      folder of shards by default.
    - A checkpoint of another architecture is refused, as the model itself does when it is whole.
    - A run can be resumed, also one that was started without FSDP or on another number of GPUs.
      MMEngine hands the optimizer's state to FSDP in the order of arguments of torch 2.0.
    - Accumulated batches count when the learning rate is scaled by the batch.

    Args:
        model_wrapper (dict, optional): Options of the wrapper. Defaults to
            ``dict(type='MGDMFullyShardedDataParallel')``.
        state_dict_cfg (str | dict): See MMEngine. Defaults to 'full'.
        **kwargs: See MMEngine.
    """

    def __init__(
        self,
        *,
        model_wrapper: dict | None = None,
        state_dict_cfg: str | dict = 'full',
        **kwargs: Any,
    ) -> None:
        wrapper = {'type': MGDMFullyShardedDataParallel.__name__, **(model_wrapper or {})}
        super().__init__(model_wrapper=wrapper, state_dict_cfg=state_dict_cfg, **kwargs)
        self._optim_config: dict | BaseOptimWrapper | None = None
        self._whole_state: dict | None = None
        self._group_names: list[list[str]] = []

    def prepare(
        self, model: nn.Module | dict, *, optim_wrapper: Any = None, **kwargs: Any
    ) -> tuple | Any:
        """Build, initialise and shard the model, and build its optimizer; see MMEngine."""
        self._optim_config = optim_wrapper
        return super().prepare(model, optim_wrapper=optim_wrapper, **kwargs)

    def _wrap_model(self, model: nn.Module) -> nn.Module:
        if isinstance(model, CLIPRecognizer):
            self._whole_state = {name: x.to('meta') for name, x in model.state_dict().items()}
        config, self._optim_config = self._optim_config, None
        if config is not None and not isinstance(config, BaseOptimWrapper):
            self._optim_config = super().build_optim_wrapper(config, model)
            names = {id(param): name for name, param in model.named_parameters()}
            groups = self._optim_config.optimizer.param_groups
            self._group_names = [[names[id(p)] for p in group['params']] for group in groups]
        return super()._wrap_model(model)

    def build_optim_wrapper(
        self, optim_wrapper: Any, model: nn.Module | None = None
    ) -> BaseOptimWrapper:
        """Return the optimizer that was built from the whole model.

        Its parameters are the same objects, which FSDP has made to show their shards.

        Raises:
            RuntimeError: If FSDP has replaced parameters, as with ``use_orig_params=False``.
        """
        if self._optim_config is None:
            return super().build_optim_wrapper(optim_wrapper, model)
        built, self._optim_config = self._optim_config, None
        here = {id(param) for param in model.parameters()}
        groups = built.optimizer.param_groups  # without the group that MMEngine adds for its log
        if any(id(param) not in here for group in groups for param in group['params']):
            raise RuntimeError(
                'FSDP has replaced the parameters of the optimizer: MGDMFSDPStrategy needs '
                '`strategy.model_wrapper.use_orig_params=True`, which is the default'
            )
        return built

    def load_model_state_dict(self, state_dict: dict, **kwargs: Any) -> None:
        """Load the weights of a checkpoint, refused with :class:`MGDMError` if they do not fit."""
        if self._is_full_state_dict() and self._whole_state is not None:
            check_architecture(self._whole_state, state_dict)
        super().load_model_state_dict(state_dict, **kwargs)

    def optim_state_dict(self) -> dict:
        """Return the optimizer's state by name, whole on rank 0, with what MMEngine adds to it."""
        _, added = _split(self.optim_wrapper.state_dict())
        return {**FSDP.optim_state_dict(self.model, self.optim_wrapper.optimizer), **added}

    def load_optim_state_dict(self, state_dict: dict) -> None:
        """Load the optimizer's state, by name or, as of a run without FSDP, by number."""
        state, added = _split(state_dict)
        if self._is_full_state_dict():
            state = _by_name(state, self._group_names)
        state = FSDP.optim_state_dict_to_load(self.model, self.optim_wrapper.optimizer, state)
        self.optim_wrapper.load_state_dict({**state, **added})

    def _scale_lr(self) -> None:
        counts = getattr(self.optim_wrapper, '_accumulative_counts', 1)
        key = 'train_micro_batch_size_per_gpu'
        if counts == 1 or key not in self.dispatch_kwargs:
            super()._scale_lr()
            return
        size = self.dispatch_kwargs[key]
        self.dispatch_kwargs[key] = size * counts
        super()._scale_lr()
        self.dispatch_kwargs[key] = size


def _split(state: dict) -> tuple[dict, dict]:
    """Part what torch's optimizer has from what MMEngine's wrapper adds: a scaler, a base rate."""
    own = ('state', 'param_groups')
    return (
        {key: value for key, value in state.items() if key in own},
        {key: value for key, value in state.items() if key not in own},
    )


def _by_name(state: dict, names: list[list[str]]) -> dict:
    """Name the numbered parameters of an optimizer's state."""
    if not all(isinstance(key, int) for key in state.get('state', ())):
        return state
    groups = state['param_groups']
    if [len(group['params']) for group in groups] != [len(group) for group in names]:
        raise MGDMError(
            "the optimizer's state in the checkpoint is of other groups of parameters than those "
            'of the config. Resume with the config of the run, or start a new one from its '
            'weights: load_from=CHECKPOINT without --resume'
        )
    name_of = {
        number: name
        for group, own in zip(groups, names, strict=True)
        for number, name in zip(group['params'], own, strict=True)
    }
    return {
        'state': {name_of[number]: value for number, value in state['state'].items()},
        'param_groups': [
            {**group, 'params': own} for group, own in zip(groups, names, strict=True)
        ],
    }


def uses_fsdp(cfg: Config) -> bool:
    """Return whether a config trains with FSDP."""
    return 'FSDP' in str((cfg.get('strategy') or {}).get('type', ''))


def check_fsdp(cfg: Config) -> None:
    """Refuse what does not go with FSDP.

    Args:
        cfg (Config): The config of a training, its ``launcher`` set.

    Raises:
        MGDMError: If the run has one process alone, averages its weights or clips gradients.
    """
    if not uses_fsdp(cfg):
        return
    if cfg.get('runner_type') != 'FlexibleRunner':
        raise MGDMError(
            f"strategy.type='{cfg.strategy.type}' needs runner_type='FlexibleRunner', but it is "
            f"{cfg.get('runner_type')!r}: MMEngine's other runners read no strategy. Take both "
            'from configs/_base_/fsdp.py'
        )
    if cfg.get('launcher', 'none') == 'none':
        raise MGDMError(
            'FSDP shards the model over several processes, and this is one: start it with '
            'tools/dist_train.sh CONFIG GPUS, or with tools/slurm_train.sh'
        )
    hooks = [*(cfg.get('custom_hooks') or ()), *(cfg.get('default_hooks') or {}).values()]
    if any('EMAHook' in str((hook or {}).get('type')) for hook in hooks):
        raise MGDMError(
            'EMAHook does not work with FSDP: it copies the model, and a shard is no model. Take '
            'EMAHook out of the hooks, or train without FSDP'
        )
    if (cfg.get('optim_wrapper') or {}).get('clip_grad'):
        raise MGDMError(
            'optim_wrapper.clip_grad does not work with FSDP: MMEngine would take the norm of the '
            "process's own shards, another one on each. Set optim_wrapper.clip_grad=None, or train "
            'without FSDP'
        )


def without_fsdp(cfg: Config) -> None:
    """Make a config that trains with FSDP test without.

    A checkpoint is the same either way, and testing needs no gradients and no optimizer state.

    Args:
        cfg (Config): Changed in place.
    """
    if uses_fsdp(cfg):
        cfg.pop('strategy')
        cfg.pop('runner_type', None)
