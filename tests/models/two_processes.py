"""Two gloo processes with real DDP, and a model trained by them against one process."""

import pickle
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from tests.forked_python import python

ROOT = Path(__file__).resolve().parents[2]
RANK = 'from tests.models.two_processes import main; main()'


def free_port():
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return sock.getsockname()[1]


def connect(rank, port):
    torch.set_num_threads(1)
    dist.init_process_group('gloo', init_method=f'tcp://127.0.0.1:{port}', rank=rank, world_size=2)


def run_two(worker, *args):
    """Call ``worker(rank, port, *args)`` in two processes."""
    call = pickle.dumps((worker, free_port(), args))
    commands = [[python(), '-c', RANK, str(rank)] for rank in range(2)]
    with ThreadPoolExecutor() as pool:
        for done in pool.map(lambda command: _run(command, call), commands):
            assert done.returncode == 0, done.stderr.decode()


def _run(command, call):
    return subprocess.run(command, input=call, cwd=ROOT, stderr=subprocess.PIPE, timeout=600)


def main():
    """Be a rank."""
    worker, port, args = pickle.load(sys.stdin.buffer)
    worker(int(sys.argv[1]), port, *args)


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
