"""What a figure was measured on."""

import os
import platform
from pathlib import Path

import torch

__all__ = ['describe_machine']


def describe_machine(device: str) -> str:
    """Describe processor, threads and versions in a line.

    Args:
        device (str): Device of the measurement, such as 'cpu' or 'cuda'.

    Returns:
        str: The line.
    """
    parts = [
        f'{_cpu_name()}, {_num_cores()} cores',
        f'torch {torch.__version__} with {torch.get_num_threads()} threads',
        f'Python {platform.python_version()}',
    ]
    if device.startswith('cuda'):
        parts.insert(0, torch.cuda.get_device_name(device))
    return '; '.join(parts)


def _num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_name() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor() or platform.machine()
