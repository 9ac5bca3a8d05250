"""decord has to be imported after torch.

Both bring their own copies of common native libraries, and where decord's are loaded first torch
can crash later without a message (dmlc/decord#293). Nothing can be done when decord is already
there, so we load torch at the first chance we have.
"""

__all__ = ['mend']


def mend() -> None:
    """Import torch, so that a later import of decord finds it loaded."""
    import torch  # noqa: F401
