"""Learning rates by part of the model, and no weight decay on vectors, both at once."""

from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn

from .param_groups import merge_groups, only_errors

__all__ = ['MGDMOptimWrapperConstructor']


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class MGDMOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Build an optimizer in which ``custom_keys`` and the decay rule for vectors both hold.

    In MMEngine's constructor a parameter that matches one of the ``custom_keys`` ignores
    ``norm_decay_mult`` and ``bias_decay_mult``: ``custom_keys=dict(backbone=dict(lr_mult=0.1))``
    brings weight decay back to every bias and norm of the backbone. Here parameters with one axis
    or none (biases, norms, class tokens, temperatures) have no weight decay, whatever key they
    match. Frozen parameters are left out, and parameters with the same settings share one group.

    Args:
        optim_wrapper_cfg (dict): Config of the optimizer wrapper, with the key ``optimizer``.
        paramwise_cfg (dict, optional): All options of
            :class:`mmengine.optim.DefaultOptimWrapperConstructor`. Defaults to None.

    Example:
        >>> optim_wrapper = dict(
        ...     constructor='MGDMOptimWrapperConstructor',
        ...     optimizer=dict(type='AdamW', lr=5e-5, weight_decay=0.2),
        ...     paramwise_cfg=dict(custom_keys={'backbone': dict(lr_mult=0.1)}))
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        paramwise_cfg = dict(paramwise_cfg or {})
        # Never empty: MMEngine would hand all parameters, frozen ones too, to one group.
        paramwise_cfg.setdefault('custom_keys', {})
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        is_dcn_module: int | float | None = None,
    ) -> None:
        """Append the parameter groups of a module; MMEngine calls it for the model and recurses.

        Args:
            params (list[dict]): The groups, changed in place.
            module (nn.Module): The module.
            prefix (str, optional): Its name in the model. Defaults to ''.
            is_dcn_module (int or float, optional): See MMEngine. Defaults to None.
        """
        if prefix:
            super().add_params(params, module, prefix, is_dcn_module)
            return
        single: list[dict] = []
        with only_errors():
            super().add_params(single, module, prefix, is_dcn_module)
        params.extend(merge_groups(single, self.base_lr, self.base_wd))
