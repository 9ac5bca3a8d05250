"""Several processes on a machine without CUDA, whatever started them.

MMEngine 0.10 calls ``torch.cuda.set_device`` in any case, with every launcher, and hands the device
ids of a GPU to DistributedDataParallel. Both are avoided when the process group is there before
the runner is built, and when the config names the model wrapper without device ids.
"""

import datetime
import os
import subprocess

import torch
import torch.distributed as dist
from mmengine.config import Config

from ..errors import MGDMError

__all__ = ['is_cpu_only', 'process_rank', 'start_process_group']

# What the launchers call rank, number of processes, and rank on this machine.
_VARIABLES = {
    'pytorch': ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'),
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    'mpi': tuple(f'OMPI_COMM_WORLD_{name}' for name in ('RANK', 'SIZE', 'LOCAL_RANK')),
}
_STARTED_BY = dict(
    pytorch='tools/dist_train.sh or torchrun', slurm='tools/slurm_train.sh or srun', mpi='mpirun'
)


def is_cpu_only() -> bool:
    """Return whether MMEngine will train on the CPU."""
    from mmengine.device import get_device

    return get_device() == 'cpu'


def process_rank() -> int:
    """Return the rank from the launcher, 0 without one; there need be no process group yet."""
    names = (variables[0] for variables in _VARIABLES.values())
    return next((int(os.environ[name]) for name in names if name in os.environ), 0)


def start_process_group(cfg: Config) -> None:
    """Prepare a config and this process for several processes without CUDA.

    Does nothing where there is a GPU, or where the config's launcher is ``'none'``.

    Args:
        cfg (Config): The config of a run, its ``launcher`` set. ``model_wrapper_cfg`` and the
            backend in ``env_cfg`` are changed in place.

    Raises:
        MGDMError: If the launcher has not set the variables that it should.
    """
    launcher = cfg.get('launcher', 'none')
    if launcher == 'none':
        return
    _check_variables(launcher)
    if not is_cpu_only():
        return
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    wrapper['device_ids'] = None  # named, or MMEngine fills in the GPU of the local rank
    cfg.model_wrapper_cfg = wrapper

    settings = {**(cfg.get('env_cfg') or {}).get('dist_cfg', {}), 'backend': 'gloo'}
    cfg.env_cfg = {**(cfg.get('env_cfg') or {}), 'dist_cfg': settings}
    if not dist.is_initialized():
        _name_as_torch(launcher, settings.get('port'))
        timeout = settings.get('timeout', 1800)
        dist.init_process_group('gloo', timeout=datetime.timedelta(seconds=timeout))
    if 'OMP_NUM_THREADS' not in os.environ:
        processes = int(os.environ.get('LOCAL_WORLD_SIZE', dist.get_world_size()))
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))


def _check_variables(launcher: str) -> None:
    missing = [name for name in _VARIABLES[launcher] if name not in os.environ]
    # LOCAL_RANK was set from --local-rank, and SLURM may leave its own out.
    if missing and missing != ['SLURM_LOCALID']:
        raise MGDMError(
            f'--launcher {launcher}: the environment has no {", ".join(missing)}, so that launcher '
            f'has not started this process. Start it with {_STARTED_BY[launcher]}, or leave '
            '--launcher out to run one process'
        )


def _name_as_torch(launcher: str, port: int | None) -> None:
    """Set the variables that torch reads from those of SLURM or MPI."""
    if launcher == 'pytorch':
        return
    for theirs, name in zip(_VARIABLES[launcher], _VARIABLES['pytorch'], strict=True):
        os.environ[name] = os.environ.get(theirs, '0')
    os.environ['MASTER_PORT'] = str(port or os.environ.get('MASTER_PORT', 29500))
    if launcher == 'slurm':
        if 'MASTER_ADDR' not in os.environ:
            os.environ['MASTER_ADDR'] = _first_host()
        # '2', or '4(x2),3' where machines differ: the first is near enough to share cores.
        tasks = os.environ.get('SLURM_TASKS_PER_NODE', '').split('(')[0].split(',')[0]
        os.environ['LOCAL_WORLD_SIZE'] = tasks or os.environ['WORLD_SIZE']
    elif 'MASTER_ADDR' not in os.environ:
        raise MGDMError('--launcher mpi: set MASTER_ADDR to the host name of rank 0')


def _first_host() -> str:
    nodes = os.environ.get('SLURM_NODELIST') or os.environ.get('SLURM_JOB_NODELIST', '')
    try:
        done = subprocess.run(
            ['scontrol', 'show', 'hostnames', nodes], capture_output=True, text=True, check=True
        )
        return done.stdout.split()[0]
    except (OSError, subprocess.CalledProcessError, IndexError) as error:
        raise MGDMError(
            f'--launcher slurm: scontrol cannot list the hosts of SLURM_NODELIST={nodes!r} '
            f'({error}). Set MASTER_ADDR to the host of the first process'
        ) from None
