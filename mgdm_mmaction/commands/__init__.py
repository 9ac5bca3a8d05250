"""The commands of ``tools/``, one a module.

Each parses its arguments before it imports PyTorch and OpenMMLab's packages, so that ``--help`` and
a mistyped option answer at once.
"""

import os
import sys
import time
from collections.abc import Callable
from importlib import import_module

from ..errors import MGDMError, explain_config, run_tool

__all__ = ['on_all_ranks', 'run']


def run(name: str) -> None:
    """Run a command with the arguments of the process.

    Args:
        name (str): Its module here; the module has a function ``main``.

    Raises:
        SystemExit: After a user's mistake, see :func:`~mgdm_mmaction.errors.run_tool`.
    """
    run_tool(lambda: on_all_ranks(import_module(f'{__name__}.{name}').main))


def on_all_ranks(main: Callable[[], None]) -> None:
    """Run a function so that a mistake is reported once and leaves no process behind.

    All ranks find the same mistake before the run starts. Rank 0 reports it; the launcher then ends
    the others, which only report it when rank 0 has not, because the mistake is theirs alone.

    Args:
        main (Callable): Function without arguments.
    """
    try:
        with explain_config():
            main()
    except MGDMError as error:
        rank = _rank()
        if rank == 0:
            raise
        time.sleep(20)
        raise MGDMError(f'(rank {rank}) {error}') from error
    finally:
        _leave_process_group()


def _rank() -> int:
    if not os.environ.keys() & {'RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'}:
        return 0
    from ..engine import process_rank

    return process_rank()


def _leave_process_group() -> None:
    if 'torch' in sys.modules:
        import torch.distributed as dist

        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()
