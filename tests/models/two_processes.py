"""Two gloo processes with real DDP, and a model trained by them against one process."""

import socket

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.nn.parallel import DistributedDataParallel

from tests.tools import start_server


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def connect(rank, port):
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)


def run_two(worker, *args):
    start_server()  # whose children have made the imports
    mp.start_processes(worker, (free_port(), *args), nprocs=2, start_method='forkserver')


def step(model, inputs, samples):
    """Losses of a step forward and backward."""
    losses = model(inputs, samples, mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    return {name: value.item() for name, value in losses.items()}


def assert_two_equal_one(build, batch, folder):
    """Compare losses and gradients; the first process has three videos of the batch.

    ``build(seed)`` and ``batch()`` are functions of a module, since other processes call them.
    """
    model = build(0)
    torch.save(model.state_dict(), folder / 'model.pt')
    run_two(_worker, build, batch, folder)
    losses = step(model, *batch())
    for rank in range(2):
        others, grads = torch.load(folder / f'{rank}.pt')
        assert others == pytest.approx(losses, abs=1e-6)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(grads[name], parameter.grad, atol=1e-6, rtol=1e-6)


def _worker(rank, port, build, batch, folder):
    connect(rank, port)
    # Another seed on rank 1: the file brings the same weights.
    model = build(rank)
    model.load_state_dict(torch.load(folder / 'model.pt'))
    part = slice(0, 3) if rank == 0 else slice(3, None)
    losses = step(DistributedDataParallel(model), *(item[part] for item in batch()))
    grads = {name: p.grad for name, p in model.named_parameters()}
    torch.save((losses, grads), folder / f'{rank}.pt')
    dist.destroy_process_group()
