"""Count the multiply-adds and the parameters of the Linear and Conv modules that are called."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook

__all__ = ['ModuleCounter', 'count_modules']

_COUNTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


class ModuleCounter:
    """What the Linear and Conv modules did so far.

    Only modules that are called are seen. ``nn.MultiheadAttention`` hands the weights of its
    projections to a function, so attention does not count, neither its work nor its parameters.
    That is how the common profilers count, and how the paper's table was made.

    Attributes:
        macs (int): Multiply-adds. Adding a bias is none.
    """

    def __init__(self) -> None:
        self.macs = 0
        self._called: dict[int, nn.Module] = {}

    @property
    def params(self) -> int:
        """int: Parameters of the modules called, each module once, with biases."""
        return sum(p.numel() for module in self._called.values() for p in module.parameters())

    def add(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        """Count one call; the signature is that of a forward hook.

        Args:
            module (nn.Module): The module.
            inputs (tuple): Not used.
            output (Tensor): What it returned.
        """
        if isinstance(module, _COUNTED):
            # An output value sums over a row of the weight: [out, in] or [out, in / groups, *].
            self.macs += output.numel() * module.weight[0].numel()
            self._called[id(module)] = module

    def copy(self) -> 'ModuleCounter':
        """Return a counter that goes on from here on its own."""
        twin = ModuleCounter()
        twin.macs, twin._called = self.macs, dict(self._called)
        return twin


@contextmanager
def count_modules(counter: ModuleCounter | None = None) -> Iterator[ModuleCounter]:
    """Count the modules called in a ``with`` block.

    Args:
        counter (ModuleCounter, optional): Counter to go on with. Defaults to None: a new one.

    Yields:
        ModuleCounter: The counter.

    Example:
        >>> import torch
        >>> with count_modules() as counter:
        ...     _ = nn.Linear(4, 3)(torch.zeros(2, 4))
        >>> counter.macs, counter.params
        (24, 15)
    """
    counter = counter or ModuleCounter()
    handle = register_module_forward_hook(counter.add)
    try:
        yield counter
    finally:
        handle.remove()
