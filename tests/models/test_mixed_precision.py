"""Mixed precision of the whole model, with checkpointing, patch dropout and loss scaling.

The arithmetic only: fp16 autocast and the gradient scaler run here on the CPU; the kernels of CUDA,
and MMEngine's AmpOptimWrapper, which wants them, do not.
"""

import pytest
import torch

from tests.models.tiny import tiny_batch, tiny_model


def loss_and_gradients(dtype=None, scale=1.0, **backbone):
    model = tiny_model(backbone=backbone).train()
    inputs, samples = tiny_batch(4)
    torch.manual_seed(1)  # of the dropped patches
    with torch.autocast('cpu', dtype or torch.bfloat16, enabled=dtype is not None):
        loss = model.loss(inputs, samples)['loss_contrastive']
    (loss * scale).backward()
    return loss.detach(), {
        name: param.grad / scale for name, param in model.named_parameters() if param.requires_grad
    }


@pytest.mark.parametrize('dtype', [None, torch.float16])
@pytest.mark.parametrize('options', [dict(patch_dropout=0.5), dict(frozen_stages=1)])
def test_checkpointing_changes_nothing(dtype, options):
    """The recomputed blocks run in the same precision, on the same patches."""
    loss, plain = loss_and_gradients(dtype, **options)
    again, recomputed = loss_and_gradients(dtype, with_cp=True, **options)
    assert torch.equal(loss, again)
    assert plain.keys() == recomputed.keys()
    for name, grad in plain.items():
        torch.testing.assert_close(recomputed[name], grad, msg=name)


@pytest.mark.parametrize(
    ('dtype', 'close', 'options'),
    [(torch.bfloat16, 0.98, {}), (torch.float16, 0.9995, dict(with_cp=True, patch_dropout=0.5))],
)
def test_near_float32(dtype, close, options):
    """Loss and direction of the gradient; fp16 with the scale that a GradScaler starts from."""
    full_loss, full = loss_and_gradients(**options)
    loss, half = loss_and_gradients(dtype, 2.0**16 if dtype is torch.float16 else 1.0, **options)
    with torch.autocast('cpu', dtype):
        logits = tiny_model()(tiny_batch(1)[0])
    assert loss.dtype == logits.dtype == torch.float32
    torch.testing.assert_close(loss, full_loss, rtol=0.02, atol=0.0)
    assert all(grad.isfinite().all() for grad in half.values())
    flat = [torch.cat([grads[name].flatten() for name in full]) for grads in (full, half)]
    assert torch.cosine_similarity(*flat, dim=0) > close


def test_a_step_with_the_gradient_scaler():
    """Scale, unscale, step and update as AmpOptimWrapper calls them, in fp16 on the CPU."""
    model = tiny_model(backbone=dict(with_cp=True)).train()
    inputs, samples = tiny_batch(4)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    scaler = torch.amp.GradScaler('cpu')
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        with torch.autocast('cpu', torch.float16):
            loss = model.loss(inputs, samples)['loss_contrastive']
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        losses.append(float(loss.detach()))
    assert scaler.get_scale() == 2.0**16, 'no step overflowed'
    assert losses[-1] < losses[0]
    assert all(param.isfinite().all() for param in model.parameters())
