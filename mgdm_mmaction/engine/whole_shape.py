"""The shape that a parameter has before FSDP flattens and shards it."""

from torch import nn

__all__ = ['keep_whole_shapes', 'whole_shape']


def keep_whole_shapes(model: nn.Module) -> None:
    """Note the shape of every parameter, before it is sharded.

    Args:
        model (nn.Module): The model; each parameter gets an attribute.
    """
    for param in model.parameters():
        param.whole_shape = tuple(param.shape)


def whole_shape(param: nn.Parameter) -> tuple[int, ...]:
    """Return the shape of the whole parameter, of which a process may hold a shard.

    Args:
        param (nn.Parameter): The parameter.
    """
    return getattr(param, 'whole_shape', tuple(param.shape))
