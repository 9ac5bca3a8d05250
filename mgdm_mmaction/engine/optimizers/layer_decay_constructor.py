"""Layer-wise learning-rate decay by MMPretrain, without its traps."""

from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmpretrain.engine.optimizers import LearningRateDecayOptimWrapperConstructor
from torch import nn

from ...errors import MGDMError
from .optim_wrapper_constructor import merge_groups, only_errors

__all__ = ['LayerDecayOptimWrapperConstructor']


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayOptimWrapperConstructor(LearningRateDecayOptimWrapperConstructor):
    r"""Give early blocks of the backbone a lower learning rate, and let ``lr_mult`` hold as well.

    A parameter at depth d of n depths, as the model's ``get_layer_depth`` says, learns at

    .. math:: \text{lr} \cdot \text{lr\_mult} \cdot \text{layer\_decay\_rate}^{\,n - 1 - d}

    where ``lr_mult`` is that of the longest of the ``custom_keys`` in its name. Of a CLIP tower the
    stem has depth 0, block i depth i + 1; final norm, projection, neck and head have the last
    depth, which is not decayed.

    MMPretrain's ``LearningRateDecayOptimWrapperConstructor`` takes the same options, with four
    traps: it ignores ``lr_mult``, which our schedules set for the backbone, and then decays the
    biases and norms of whatever that key matches; it decays vectors unless three options forbid it
    (``norm_decay_mult``, ``bias_decay_mult``, ``flat_decay_mult``); it always decays parameters
    without an axis, such as CLIP's logit scale; and it fails where the config leaves the weight
    decay to the optimizer. Here parameters with one axis or none have no
    weight decay, as with :class:`MGDMOptimWrapperConstructor`. Frozen parameters are left out, and
    parameters with the same settings share one group.

    Args:
        optim_wrapper_cfg (dict): Config of the optimizer wrapper, with the key ``optimizer``.
        paramwise_cfg (dict): ``layer_decay_rate`` in (0, 1], and optionally ``custom_keys`` with
            ``lr_mult`` and ``decay_mult``.

    Raises:
        MGDMError: If ``layer_decay_rate`` is missing or out of range, or the optimizer has no
            ``lr``.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='LayerDecayOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=5e-5, weight_decay=0.2),
        ...     paramwise_cfg=dict(layer_decay_rate=0.75))
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        rate = (paramwise_cfg or {}).get('layer_decay_rate')
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate <= 1:
            raise MGDMError(
                'LayerDecayOptimWrapperConstructor: optim_wrapper.paramwise_cfg.layer_decay_rate '
                f'should be a number in (0, 1], such as 0.75, but is {rate!r}'
            )
        super().__init__(optim_wrapper_cfg, paramwise_cfg)
        if self.base_lr is None:
            raise MGDMError(
                'LayerDecayOptimWrapperConstructor: optim_wrapper.optimizer.lr is missing: there '
                'is no rate to decay'
            )

    def add_params(self, params: list[dict], module: nn.Module, prefix: str = '', **kwargs) -> None:
        """Append the parameter groups of a module; MMEngine calls it for the model and recurses."""
        if prefix:
            super().add_params(params, module, prefix, **kwargs)
            return
        if not hasattr(module, 'get_layer_depth'):
            raise MGDMError(
                f'LayerDecayOptimWrapperConstructor: {type(module).__name__} has no method '
                '`get_layer_depth`, which gives the depth of a parameter; MGDM has one'
            )
        single: list[dict] = []
        base_wd = self.base_wd
        # MMPretrain fails on an optimizer whose weight decay is left to its default.
        self.base_wd = base_wd or 0.0
        with only_errors():
            super().add_params(single, module, prefix, **kwargs)
        self.base_wd = base_wd
        for group in single:
            if base_wd is None:
                del group['weight_decay']
            name = group.pop('param_name')
            for key in ('layer_id', 'lr_scale', 'lr_mult', 'decay_mult'):
                group.pop(key, None)
            group['lr'] *= self._custom(name).get('lr_mult', 1.0)
        params.extend(merge_groups(single, self.base_lr, self.base_wd))

    def _custom(self, name: str) -> dict:
        """Options of the longest custom key in a name, the first by alphabet among equals."""
        keys = self.paramwise_cfg.get('custom_keys', {})
        found = sorted((key for key in keys if key in name), key=lambda key: (-len(key), key))
        return keys[found[0]] if found else {}
