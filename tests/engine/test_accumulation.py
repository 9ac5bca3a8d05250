"""What accumulated batches mean for a contrastive loss: the mean of their own losses."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper

import mgdm_mmaction  # noqa: F401
from tests.models.tiny import tiny_batch, tiny_model


def gradients(model):
    return {name: param.grad.clone() for name, param in model.named_parameters()}


def gradients_of(batches):
    """Gradients of one accumulated step, and how often the optimizer stepped before."""
    model = tiny_model()
    wrapper = build_optim_wrapper(
        model,
        dict(
            constructor='MGDMOptimWrapperConstructor',
            optimizer=dict(type='SGD', lr=0.0),
            accumulative_counts=len(batches),
        ),
    )
    wrapper.initialize_count_status(model, 0, 2 * len(batches))
    found = {}
    wrapper.zero_grad = lambda **_: found.update(gradients(model))  # called after the step
    for inputs, samples in batches:
        assert not found, 'no step before the last batch'
        with wrapper.optim_context(model):
            loss = model.loss(inputs, samples)['loss_contrastive']
        wrapper.update_params(loss)
    return found


def plain_gradients(inputs, samples):
    model = tiny_model()
    model.loss(inputs, samples)['loss_contrastive'].backward()
    return gradients(model)


def test_the_mean_of_the_batches_and_not_the_loss_of_their_union():
    batches = [tiny_batch(3, seed=seed) for seed in (1, 2)]
    accumulated = gradients_of(batches)
    single = [plain_gradients(*batch) for batch in batches]
    for name, grad in accumulated.items():
        torch.testing.assert_close(grad, (single[0][name] + single[1][name]) / 2, msg=name)
    union = plain_gradients(
        torch.cat([inputs for inputs, _ in batches]), [s for _, samples in batches for s in samples]
    )
    # Videos of one batch never meet the texts of the other: fewer negatives, another gradient.
    assert not torch.allclose(union['neck.positions'], accumulated['neck.positions'], rtol=0.01)


def test_of_equal_batches_it_is_the_gradient_of_one():
    batch = tiny_batch(3, seed=1)
    once, twice = plain_gradients(*batch), gradients_of([batch, batch])
    for name, grad in twice.items():
        torch.testing.assert_close(grad, once[name], msg=name)


@pytest.mark.parametrize('counts', [1, 3])
def test_the_rest_of_an_epoch_is_not_lost(counts):
    """4 batches at 3 a step are two steps: the last one has what is left."""
    model = tiny_model()
    wrapper = build_optim_wrapper(
        model, dict(optimizer=dict(type='SGD', lr=1e-3), accumulative_counts=counts)
    )
    wrapper.initialize_count_status(model, 0, 4)
    steps = []
    plain = wrapper.optimizer.step
    wrapper.optimizer.step = lambda *args, **kwargs: (steps.append(1), plain(*args, **kwargs))
    inputs, samples = tiny_batch(2)
    for _ in range(4):
        with wrapper.optim_context(model):
            loss = model.loss(inputs, samples)['loss_contrastive']
        wrapper.update_params(loss)
    assert len(steps) == -(-4 // counts)
