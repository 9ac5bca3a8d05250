"""The wrapper that shards a recogniser over the processes."""

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from mmengine.model.wrappers import MMFullyShardedDataParallel
from mmengine.registry import MODEL_WRAPPERS
from torch import Tensor, nn
from torch.distributed.fsdp.wrap import lambda_auto_wrap_policy

from ...errors import MGDMError
from ..distributed import is_cpu_only

__all__ = ['MGDMFullyShardedDataParallel', 'wrap_blocks']


def wrap_blocks(model: nn.Module) -> Callable[..., bool]:
    """Return the policy that shards a model block by block.

    A block is a member of a ``ModuleList`` in which every member has parameters: the blocks of the
    image tower, of the temporal head and of the discriminator. Only one of them is whole at a time.
    """
    blocks = {
        id(block)
        for module in model.modules()
        if isinstance(module, nn.ModuleList)
        for block in module
        if all(next(member.parameters(), None) is not None for member in module)
    }
    return functools.partial(lambda_auto_wrap_policy, lambda_fn=lambda m: id(m) in blocks)


@MODEL_WRAPPERS.register_module()
class MGDMFullyShardedDataParallel(MMFullyShardedDataParallel):
    """Shard parameters, gradients and optimizer state of a model over all processes.

    :class:`mmengine.model.MMFullyShardedDataParallel` with what this model needs. FSDP refuses
    parameters without an axis, and CLIP's logit scale is one: such parameters stay whole on every
    process, are made equal at the start and get the mean of the gradients over the processes, as
    under DDP. Parameters and buffers (the text bank) of rank 0 are sent to all at the start. On a
    machine without a GPU the shards stay on the CPU, where FSDP looks for an accelerator by
    default. Frozen parameters may lie beside trained ones.

    Args:
        module (nn.Module): The model, whole.
        device_id (int, optional): GPU of this process; not used on a CPU. Defaults to None.
        auto_wrap_policy (str | dict | Callable, optional): Which modules are sharded on their own,
            as MMEngine takes it. None takes :func:`wrap_blocks`. Defaults to None.
        sync_module_states (bool): Start from the weights of rank 0. Defaults to True.
        **kwargs: Of ``MMFullyShardedDataParallel``: ``sharding_strategy='SHARD_GRAD_OP'``,
            ``cpu_offload=True``, ... For mixed precision take ``--amp``, and not
            ``mixed_precision``, which leaves the text bank in float32.

    Raises:
        MGDMError: If ``cpu_offload`` is set where there is no GPU.
    """

    def __init__(
        self,
        module: nn.Module,
        device_id: int | None = None,
        auto_wrap_policy: str | dict | Callable | None = None,
        sync_module_states: bool = True,
        **kwargs: Any,
    ) -> None:
        on_cpu = is_cpu_only()
        if on_cpu and kwargs.get('cpu_offload'):
            raise MGDMError(
                'strategy.model_wrapper.cpu_offload=True moves what the GPU does not need to the '
                'CPU, and there is no GPU here: set it to False'
            )
        for param in module.parameters():
            param.whole_shape = tuple(param.shape)  # for the summary, before it is sharded
        device = torch.device('cpu') if on_cpu else device_id
        scalars = [param for param in module.parameters() if param.ndim == 0]
        for param in scalars:
            # FSDP moves to the device only what it shards.
            param.data = param.data.to(device)
            if param.requires_grad:
                param.register_hook(_mean_over_processes)
        if sync_module_states:
            # FSDP sends what it shards, and buffers, but nothing from a CPU.
            for tensor in [*module.parameters(), *module.buffers()] if on_cpu else scalars:
                dist.broadcast(tensor.data, src=0)
        super().__init__(
            module,
            device_id=device,
            auto_wrap_policy=auto_wrap_policy or wrap_blocks(module),
            sync_module_states=sync_module_states and not on_cpu,
            ignored_states=scalars,
            **kwargs,
        )


def _mean_over_processes(grad: Tensor) -> Tensor:
    mean = grad.clone()
    dist.all_reduce(mean)
    return mean / dist.get_world_size()
