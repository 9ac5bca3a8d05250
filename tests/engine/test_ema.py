"""MMEngine's EMAHook with a text bank: what is averaged, tested, saved, resumed and loaded."""

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import load_checkpoint

from tests.engine.tiny_run import KeepScores, TinyClips, tiny_run_cfg, tiny_train
from tests.models.tiny import CLASSES, tiny_config

MOMENTUM = 0.3
EMA = dict(default_hooks__ema__type='EMAHook', default_hooks__ema__momentum=MOMENTUM)


class Weights(Hook):
    """Keeps the parameters after every step, before any other hook could swap them."""

    priority = 'VERY_HIGH'

    def __init__(self):
        self.steps = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        model = getattr(runner.model, 'module', runner.model)
        self.steps.append({k: v.detach().clone() for k, v in model.named_parameters()})


def average(steps):
    """The average by the formula: the first weights, then a step of it towards each new ones."""
    mean = steps[0]
    for weights in steps[1:]:
        mean = {k: (1 - MOMENTUM) * mean[k] + MOMENTUM * weights[k] for k in mean}
    return mean


def assert_close(state, expected):
    for name, value in expected.items():
        torch.testing.assert_close(state[name], value, msg=name)


def scores_of(state):
    """Scores of the clips by a model that was built anew from a checkpoint alone."""
    model = MODELS.build(tiny_config())
    model.load_state_dict(state)
    data = TinyClips(8)
    inputs = torch.stack([data[i]['inputs'] for i in range(8)])
    samples = [data[i]['data_samples'] for i in range(8)]
    with torch.no_grad():
        return torch.stack([s.pred_score for s in model.eval().predict(inputs, samples)])


def test_the_average_is_what_is_tested_and_saved(tmp_path):
    weights = Weights()
    KeepScores.seen.clear()
    # Until the third step the copy follows the model, the state of the text head included.
    cfg = tiny_run_cfg(tmp_path, val=True, epochs=2, default_hooks__ema__begin_iter=3, **EMA)
    runner = tiny_train(cfg, weights)
    assert_close(torch.load(tmp_path / 'epoch_1.pth')['state_dict'], weights.steps[1])
    expected = average(weights.steps[2:])
    saved = torch.load(tmp_path / 'epoch_2.pth')
    assert_close(saved['state_dict'], expected)
    assert not torch.equal(expected['neck.positions'], weights.steps[-1]['neck.positions'])
    # The raw weights are kept to resume from, in the file and in the model.
    raw = {k.removeprefix('module.'): v for k, v in saved['ema_state_dict'].items()}
    assert_close(raw, weights.steps[-1])
    assert_close(dict(runner.model.named_parameters()), weights.steps[-1])
    # The checkpoint alone is enough to test, and gives the scores of the validation.
    torch.testing.assert_close(scores_of(saved['state_dict']), KeepScores.seen[-1])


@pytest.mark.slow
def test_resume(tmp_path):
    whole = tiny_train(tiny_run_cfg(tmp_path / 'whole', epochs=2, **EMA))
    tiny_train(tiny_run_cfg(tmp_path / 'a', epochs=1, **EMA))
    resumed = tiny_train(
        tiny_run_cfg(
            tmp_path / 'b', epochs=2, resume=True, load_from=str(tmp_path / 'a/epoch_1.pth'), **EMA
        )
    )
    assert_close(dict(resumed.model.named_parameters()), dict(whole.model.named_parameters()))
    left, right = (torch.load(tmp_path / name / 'epoch_2.pth') for name in ('whole', 'b'))
    assert left['state_dict'].keys() == right['state_dict'].keys()
    assert_close(right['state_dict'], left['state_dict'])
    assert right['ema_state_dict']['steps'] == left['ema_state_dict']['steps'] == 4


@pytest.mark.slow
def test_fine_tuning_on_other_labels(tmp_path):
    """The copy takes the weights of the checkpoint and keeps the texts of the config."""
    tiny_train(tiny_run_cfg(tmp_path / 'first', **EMA))
    other = tiny_config(cls_head=dict(classes=[f'{name} slowly' for name in CLASSES]))
    cfg = tiny_run_cfg(
        tmp_path / 'second', other, load_from=str(tmp_path / 'first/epoch_1.pth'), **EMA
    )
    tiny_train(cfg)
    model = MODELS.build(other)
    load_checkpoint(model, str(tmp_path / 'second/epoch_1.pth'), strict=True)
    assert model.text_bank.ready
    assert model.text_bank.corpus.labels[0] == f'{CLASSES[0]} slowly'
    assert model.text_bank.embeddings.any()


def test_the_fault_of_mmengine(tmp_path, monkeypatch):
    for name in ('before_train', 'after_load_checkpoint'):
        monkeypatch.setattr(EMAHook, name, getattr(EMAHook, name).__wrapped__)
    tiny_train(tiny_run_cfg(tmp_path, **EMA))
    with pytest.raises(ValueError, match='text bank is empty'):
        scores_of(torch.load(tmp_path / 'epoch_1.pth')['state_dict'])
