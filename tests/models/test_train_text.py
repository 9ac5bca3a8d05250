"""The text tower as a part of the model that is trained."""

import copy

import pytest
import torch
import torch.distributed as dist
from mmaction.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.runner import load_checkpoint
from torch.nn.parallel import DistributedDataParallel

from mgdm_mmaction.clip import build_clip, encode_texts
from mgdm_mmaction.errors import MGDMError
from tests.models.tiny import CLASSES, tiny_batch, tiny_model
from tests.models.two_processes import connect, run_two

TRAINED = dict(cls_head=dict(train_text=True))


@pytest.fixture
def clip_file(tmp_path):
    torch.manual_seed(3)
    torch.save(build_clip('mgdm-tiny').state_dict(), tmp_path / 'clip.pt')
    return str(tmp_path / 'clip.pt')


def towers(clip_file):
    """The same model with a frozen bank and with the tower that made it."""
    frozen = tiny_model(cls_head=dict(pretrained=clip_file))
    trained = tiny_model(cls_head=dict(pretrained=clip_file, train_text=True))
    missing = trained.load_state_dict(frozen.state_dict(), strict=False).missing_keys
    assert all('text_bank.tower' in name for name in missing)
    return frozen, trained


def test_before_the_first_step_it_equals_the_frozen_bank(clip_file, monkeypatch):
    # The check of architectures would refuse a checkpoint without the tower.
    monkeypatch.setattr(
        'mgdm_mmaction.models.recognizers.clip_recognizer.check_architecture', lambda *args: None
    )
    frozen, trained = towers(clip_file)
    inputs, samples = tiny_batch(3)
    losses = [m(inputs, samples, mode='loss')['loss_contrastive'] for m in (frozen, trained)]
    torch.testing.assert_close(*losses, atol=1e-5, rtol=1e-5)
    losses[1].backward()
    tower = trained.text_bank.tower
    assert all(p.grad is not None and p.grad.any() for p in tower.parameters())
    with torch.no_grad():
        scores = [m.eval()(inputs) for m in (frozen, trained)]
    torch.testing.assert_close(*scores, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize('train_text', [False, True])
def test_a_learned_prompt_starts_as_the_prompt(clip_file, train_text):
    head = dict(pretrained=clip_file, train_text=train_text, prompt_tokens=4)
    model = tiny_model(cls_head=head)
    frozen = tiny_model(cls_head=dict(pretrained=clip_file)).text_bank.class_texts()
    bank = model.text_bank
    torch.testing.assert_close(bank.class_texts(), frozen, atol=1e-5, rtol=1e-5)
    inputs, samples = tiny_batch(3)
    model(inputs, samples, mode='loss')['loss_contrastive'].backward()
    assert bank.prompt_tokens.grad.abs().sum(1).gt(0).tolist() == [True] * 4
    reached = [p.grad is not None for p in bank.tower.parameters()]
    assert reached == [train_text] * len(reached)
    # One prompt of all labels, which a copy and a checkpoint have of their own.
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.text_bank.prompt_tokens.normal_()
        moved = (other.text_bank.class_texts() - frozen).norm(dim=-1)
        assert (moved > 0.1).all()
        torch.testing.assert_close(bank.class_texts(), frozen, atol=1e-5, rtol=1e-5)
        model.load_state_dict(other.state_dict())
        torch.testing.assert_close(bank.class_texts(), other.text_bank.class_texts())


def test_a_prompt_is_as_long_as_what_is_learned_of_it():
    for prompt, room in (('This is a video about {}', 5), (['a b {}', 'a c {}'], 1), ('{}', 0)):
        with pytest.raises(MGDMError, match=rf'prompt_tokens=6: .* has {room} tokens in front'):
            tiny_model(cls_head=dict(prompt=prompt, prompt_tokens=6))


def test_a_step_encodes_each_distinct_text_once_and_evaluation_all_of_them_once():
    model = tiny_model(**TRAINED)
    seen = []
    model.text_bank.tower.register_forward_hook(lambda m, args, out: seen.append(len(args[0])))
    inputs, samples = tiny_batch(4)
    distinct = {i for sample in samples for i in sample.text_ids.tolist()}
    model(inputs, samples, mode='loss')
    assert seen == [len(distinct)]
    seen.clear()
    model.eval()
    with torch.no_grad():
        before = model(inputs)
        model(inputs)
        assert seen == [len(CLASSES)]
        for parameter in model.text_bank.tower.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        model.eval()  # as every validation of MMEngine begins
        after = model(inputs)
    assert seen == [len(CLASSES)] * 2
    assert not torch.allclose(before, after)


def test_class_texts_of_a_frozen_bank_are_discriminated_once_per_state_of_the_model():
    model = tiny_model()
    calls = []
    model.cls_head.discriminator.register_forward_hook(lambda *args: calls.append(1))
    inputs, samples = tiny_batch(2)
    model.eval()
    with torch.no_grad():
        first = model(inputs)
        model.predict(inputs, samples)
        assert len(calls) == 1
        with torch.autocast('cpu', torch.bfloat16):
            model(inputs)
        assert len(calls) == 2
        model.load_state_dict(tiny_model(seed=5).state_dict())
        assert not torch.allclose(model(inputs), first)
    model(inputs)  # with gradients, as an attribution method asks
    assert len(calls) == 4


def test_ensemble_of_prompts():
    prompts = ['a video of {}', 'a clip of {}', '{}']
    frozen = tiny_model(cls_head=dict(prompt=prompts))
    tower = tiny_model(cls_head=dict(prompt=prompts, train_text=True)).text_bank
    model = build_clip('mgdm-tiny')
    tower.tower.load_state_dict(
        {k: v for k, v in model.state_dict().items() if k in tower.tower.state_dict()}
    )
    tower.eval()
    texts = [text.format(name) for name in CLASSES for text in prompts]
    one = encode_texts(model, texts, 'mgdm-tiny').unflatten(0, (5, 3))
    unit = torch.nn.functional.normalize(one, dim=-1).mean(1)
    with torch.no_grad():
        found = tower.class_texts()
    cosine = torch.nn.functional.cosine_similarity(found, unit)
    torch.testing.assert_close(cosine, torch.ones(5), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.norm(dim=-1), one.norm(dim=-1).mean(1))
    assert frozen.text_bank.class_texts().shape == found.shape


def test_a_checkpoint_carries_the_tower_and_new_labels_need_no_clip_weights(tmp_path):
    model = tiny_model(**TRAINED)
    state = model.state_dict()
    assert 'cls_head._extra_state' in state
    assert 'cls_head.text_bank' not in state
    torch.save(dict(state_dict=state), tmp_path / 'a.pth')
    other = tiny_model(seed=1, **TRAINED)
    load_checkpoint(other, str(tmp_path / 'a.pth'), strict=True)
    inputs, _ = tiny_batch(2)
    with torch.no_grad():
        torch.testing.assert_close(other.eval()(inputs), model.eval()(inputs))
        other.set_classes(['swimming', 'jumping'])
        assert other(inputs).shape == (2, 1, 2)
    with pytest.raises(MGDMError, match='of another architecture'):
        load_checkpoint(tiny_model(), str(tmp_path / 'a.pth'))


def test_checkpointed_blocks_and_autocast_change_no_gradient():
    inputs, samples = tiny_batch(3)
    grads = []
    for with_cp in (False, True):
        model = tiny_model(cls_head=dict(train_text=True, with_cp=with_cp))
        assert model.text_bank.tower.transformer.grad_checkpointing is with_cp
        model(inputs, samples, mode='loss')['loss_contrastive'].backward()
        grads.append({name: p.grad.clone() for name, p in model.named_parameters()})
    for name, grad in grads[0].items():
        torch.testing.assert_close(grads[1][name], grad, atol=1e-6, rtol=1e-5)
    with torch.autocast('cpu', torch.bfloat16):
        loss = model(inputs, samples, mode='loss')['loss_contrastive']
    assert loss.dtype == torch.float32
    loss.backward()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_learning_rates_by_part():
    model = tiny_model(**TRAINED)
    build = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='MGDMOptimWrapperConstructor',
            optim_wrapper_cfg=dict(
                type='OptimWrapper', optimizer=dict(type='AdamW', lr=1.0, weight_decay=0.2)
            ),
            paramwise_cfg=dict(custom_keys={'text_bank.tower': dict(lr_mult=0.1)}),
        )
    )
    groups = build(model).optimizer.param_groups
    rates = {id(p): group['lr'] for group in groups for p in group['params']}
    assert {rates[id(p)] for p in model.text_bank.tower.parameters()} == {0.1}
    assert rates[id(model.cls_head.logit_scale)] == 1.0
    depth, depths = model.get_layer_depth('cls_head.text_bank.tower.ln_final.weight')
    assert depth == depths - 1


def test_folded_carries_the_texts_and_not_the_tower():
    model = tiny_model(**TRAINED).eval()
    folded = model.folded()
    assert not [name for name, _ in folded.named_parameters() if 'text_bank' in name]
    inputs, _ = tiny_batch(2)
    with torch.no_grad():
        torch.testing.assert_close(folded(inputs), model(inputs)[:, 0])


def _step(model, part):
    inputs, samples = tiny_batch(4, dtype=torch.float64)
    losses = model(inputs[part], samples[part], mode='loss')
    losses['loss_contrastive'].backward()
    return losses['loss_contrastive'].item()


def _worker(rank, port, folder):
    connect(rank, port)
    model = tiny_model(seed=0, **TRAINED).double()
    wrapped = DistributedDataParallel(copy.deepcopy(model))
    loss = _step(wrapped, slice(0, 3) if rank == 0 else slice(3, 4))
    grads = {name: p.grad for name, p in wrapped.module.named_parameters()}
    torch.save((loss, grads), folder / f'{rank}.pt')
    dist.destroy_process_group()


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    run_two(_worker, tmp_path)
    model = tiny_model(seed=0, **TRAINED).double()
    loss = _step(model, slice(None))
    for rank in range(2):
        other, grads = torch.load(tmp_path / f'{rank}.pt')
        assert other == pytest.approx(loss, abs=1e-7)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(grads[name], parameter.grad, atol=1e-6, rtol=1e-5)
