"""Number format of the image tower while mining."""

import torch

from ..errors import MGDMError

__all__ = ['PRECISIONS', 'autocast', 'choose_precision']

PRECISIONS = ('float32', 'bfloat16')


def choose_precision(precision: str | None, device: torch.device) -> str:
    """Return the precision asked for, or the usual one of a device.

    Args:
        precision (str, optional): 'float32', 'bfloat16', or None: bfloat16 on CUDA.
        device (torch.device): Where the tower runs.

    Raises:
        MGDMError: If it is unknown.
    """
    precision = precision or ('bfloat16' if device.type == 'cuda' else 'float32')
    if precision not in PRECISIONS:
        raise MGDMError(f"precision '{precision}': expected one of {', '.join(PRECISIONS)}.")
    return precision


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the context in which the tower runs."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == 'bfloat16')
