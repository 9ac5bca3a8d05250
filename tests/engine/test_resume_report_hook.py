"""What a resumed run says that it takes from its checkpoint is what it takes."""

import torch

from tests.engine.tiny_run import run_log, tiny_run_cfg, tiny_train


def resume(tmp_path, name, **changes):
    cfg = tiny_run_cfg(
        tmp_path / name,
        resume=True,
        load_from=str(tmp_path / 'first' / 'epoch_1.pth'),
        **changes,
    )
    cfg.custom_hooks.append(dict(type='ResumeReportHook'))
    return tiny_train(cfg), run_log(cfg)


def test_the_table_says_what_is_used(tmp_path):
    tiny_train(tiny_run_cfg(tmp_path / 'first'))
    changes = {'optim_wrapper__optimizer__lr': 0.5, 'train_dataloader__batch_size': 2}
    runner, log = resume(tmp_path, 'other', epochs=2, **changes)
    rows = {line.split()[0]: line.split()[1:] for line in log.splitlines() if len(line.split()) > 3}
    assert rows['optim_wrapper.optimizer.lr'] == ['0.001', '0.5', 'checkpoint']
    assert rows['train_dataloader.batch_size'] == ['4', '2', 'this', 'run']
    assert rows['train_cfg.max_epochs'] == ['1', '2', 'this', 'run']
    rates = {round(group['lr'], 6) for group in runner.optim_wrapper.param_groups}
    assert rates == {1e-3, 1e-4}
    assert runner.train_dataloader.batch_size == 2
    assert runner.epoch == 2


def test_a_finished_run_has_nothing_left(tmp_path):
    first = tiny_train(tiny_run_cfg(tmp_path / 'first'))
    again, log = resume(tmp_path, 'again')
    assert 'settings that differ' not in log
    assert 'nothing is left to train: the checkpoint is at 1 of train_cfg.max_epochs=1' in log
    for left, right in zip(first.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(left, right)
