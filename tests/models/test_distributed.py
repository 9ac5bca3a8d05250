"""Two gloo processes with real DDP against one process with the whole batch."""

import pytest
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from mgdm_mmaction.models.layers.gather import all_gather_batch
from tests.models.tiny import tiny_batch, tiny_model
from tests.models.two_processes import connect, run_two


def step(model, num_negatives, part):
    """Forward and backward of a slice of the same global batch of four."""
    inputs, samples = tiny_batch(4, num_negatives, dtype=torch.float64)
    losses = model(inputs[part], samples[part], mode='loss')
    losses['loss_contrastive'].backward()
    return {name: value.item() for name, value in losses.items()}


# (number of negatives, videos of rank 0 of four); 3 + 1 is an uneven last batch.
CASES = [(0, 2), (0, 3), (2, 2), (2, 3)]


def ddp_worker(rank, port, folder):
    connect(rank, port)
    for case, (num_negatives, split) in enumerate(CASES):
        # Another seed on rank 1: DDP itself must bring the weights of rank 0.
        model = tiny_model(seed=rank).double()
        model.text_bank.embeddings.copy_(torch.load(folder / 'bank.pt'))
        part = slice(0, split) if rank == 0 else slice(split, 4)
        losses = step(DistributedDataParallel(model), num_negatives, part)
        grads = {name: p.grad for name, p in model.named_parameters()}
        torch.save((losses, grads), folder / f'case{case}_rank{rank}.pt')
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    torch.save(tiny_model(seed=0).double().text_bank.embeddings, tmp_path / 'bank.pt')
    run_two(ddp_worker, tmp_path)
    for case, (num_negatives, _) in enumerate(CASES):
        model = tiny_model(seed=0).double()
        losses = step(model, num_negatives, slice(None))
        assert ('negatives_in_batch' in losses) == (num_negatives > 0)
        for rank in range(2):
            others, grads = torch.load(tmp_path / f'case{case}_rank{rank}.pt')
            # The loss and all that is logged with it: of the global batch, on every rank.
            assert others == pytest.approx(losses, abs=1e-9)
            for name, parameter in model.named_parameters():
                torch.testing.assert_close(grads[name], parameter.grad, atol=1e-9, rtol=1e-9)


def gather_worker(rank, port, folder):
    connect(rank, port)
    rows = torch.arange(rank + 1.0).add(10 * rank)[:, None].requires_grad_()
    ids = torch.arange(rank + 1)[:, None] + 10 * rank
    all_rows, all_ids = all_gather_batch(rows, ids)
    # Ranks weigh the batch differently: the gradient must be the sum over both.
    (all_rows * (rank + 1)).sum().backward()
    torch.save((all_rows.detach(), all_ids, rows.grad), folder / f'{rank}.pt')
    dist.destroy_process_group()


@pytest.mark.slow
def test_gather_of_uneven_batches(tmp_path):
    run_two(gather_worker, tmp_path)
    for rank in range(2):
        rows, ids, grad = torch.load(tmp_path / f'{rank}.pt')
        assert ids.flatten().tolist() == rows.flatten().tolist() == [0, 10, 11]
        assert grad.flatten().tolist() == [3.0] * (rank + 1)


def test_gather_alone_changes_nothing():
    rows = torch.randn(2, 3)
    assert all_gather_batch(rows)[0] is rows
