"""Several processes on a machine without CUDA.

With the pytorch launcher MMEngine 0.10 calls ``torch.cuda.set_device`` in any case and hands the
device ids of a GPU to DistributedDataParallel. Both are passed by when the process group is there
before the runner is built, and when the config names the model wrapper without device ids.
"""

import datetime
import os

import torch
import torch.distributed as dist
from mmengine.config import Config

__all__ = ['is_cpu_only', 'start_process_group']


def is_cpu_only() -> bool:
    """Tell whether MMEngine will train on the CPU."""
    from mmengine.device import get_device

    return get_device() == 'cpu'


def start_process_group(cfg: Config) -> None:
    """Prepare a config and this process for several processes without CUDA.

    Does nothing where there is a GPU, or where the config's launcher is not ``'pytorch'``.

    Args:
        cfg (Config): The config of a run, its ``launcher`` set. ``model_wrapper_cfg`` and the
            backend in ``env_cfg`` are changed in place.
    """
    if cfg.get('launcher', 'none') != 'pytorch' or not is_cpu_only():
        return
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        type='MMDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
    wrapper['device_ids'] = None  # named, or MMEngine fills in the GPU of the local rank
    cfg.model_wrapper_cfg = wrapper

    settings = cfg.setdefault('env_cfg', {}).setdefault('dist_cfg', {})
    settings['backend'] = 'gloo'
    if not dist.is_initialized():
        timeout = settings.get('timeout', 1800)
        dist.init_process_group('gloo', timeout=datetime.timedelta(seconds=timeout))
    if 'OMP_NUM_THREADS' not in os.environ:
        processes = int(os.environ.get('LOCAL_WORLD_SIZE', dist.get_world_size()))
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
