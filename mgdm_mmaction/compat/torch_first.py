"""decord has to be loaded after torch.

Both bring their own copies of common native libraries, and where decord's are loaded first torch
can crash later without a message (dmlc/decord#293).
"""

from types import ModuleType

__all__ = ['apply']


def apply(module: ModuleType) -> None:
    """Import torch, once decord looks for its library and before it loads it."""
    import torch  # noqa: F401
