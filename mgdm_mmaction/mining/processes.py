"""Which of several mining processes this one is: they share a folder and nothing else."""

import os
from typing import NamedTuple

from ..errors import MGDMError

__all__ = ['Process', 'parse_process', 'this_process']

# Number, how many there are, number on this machine: as torchrun and as a step of srun set them.
_LAUNCHERS = (
    ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    ('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS', 'SLURM_LOCALID'),
)


class Process(NamedTuple):
    """One of several processes.

    Args:
        number (int): Its number, from 0. Defaults to 0.
        count (int): How many there are. Defaults to 1.
        local (int): Its number on this machine, for the choice of a GPU. Defaults to 0.
    """

    number: int = 0
    count: int = 1
    local: int = 0


def this_process() -> Process:
    """Read the variables that torchrun or srun sets; without them this process is the only one."""
    for number, count, local in _LAUNCHERS:
        if number in os.environ and count in os.environ:
            return Process(*(int(os.environ.get(name, 0)) for name in (number, count, local)))
    return Process()


def parse_process(text: str) -> Process:
    """Read ``'I/N'``, process I of N, counted from 1, as given by hand.

    Raises:
        MGDMError: If it is not of this form.
    """
    number, _, count = text.partition('/')
    if number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count):
        return Process(int(number) - 1, int(count), int(number) - 1)
    raise MGDMError(f"--process '{text}': expected I/N with I from 1 to N, such as 2/8.")
