"""All-gather of the batch, with gradients, for losses that are defined on the global batch."""

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ['all_gather_batch']


class _AllGather(torch.autograd.Function):
    """Gather equal shapes from all ranks; the backward sums the gradients of all ranks.

    ``torch.distributed.nn.functional.all_gather`` does the same, but is deprecated since torch
    2.14, and its successor does not exist in the oldest torch that we support.
    """

    @staticmethod
    def forward(ctx, tensor: Tensor) -> Tensor:
        gathered = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
        dist.all_gather(gathered, tensor.contiguous())
        return torch.stack(gathered)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        grad = grad.contiguous()
        dist.all_reduce(grad)
        return grad[dist.get_rank()]


def all_gather_batch(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Concatenate a batch over all ranks, in the order of ranks.

    Ranks may hold batches of different sizes, as the last ones of an epoch can be. Without a
    process group the tensors come back as they are.

    The gradient of a gathered tensor is the sum over ranks. Where every rank computes the same
    loss on the gathered batch, and data-parallel training then averages over ranks, the
    parameters get the gradient of one process with the whole batch.

    Args:
        tensors (Tensor): Tensors with the same first dimension, [B, ...].

    Returns:
        tuple[Tensor]: The tensors of the global batch, [sum of B, ...].
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return tensors
    size = tensors[0].new_tensor([len(tensors[0])], dtype=torch.long)
    sizes = [torch.empty_like(size) for _ in range(dist.get_world_size())]
    dist.all_gather(sizes, size)
    sizes = torch.cat(sizes).tolist()
    return tuple(_gather_padded(tensor, sizes) for tensor in tensors)


def _gather_padded(tensor: Tensor, sizes: list) -> Tensor:
    """Gather batches of known, possibly different, sizes."""
    padding = max(sizes) - len(tensor)
    if padding:
        tensor = torch.cat([tensor, tensor.new_zeros(padding, *tensor.shape[1:])])
    gathered = _AllGather.apply(tensor)
    return torch.cat([part[:size] for part, size in zip(gathered, sizes, strict=True)])
