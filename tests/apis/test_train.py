"""Arguments of the training tool, its errors, and short real runs."""

import glob
import re
from pathlib import Path

import pytest
import torch

from mgdm_mmaction.apis.train import prepare_config, run_training
from mgdm_mmaction.commands.train import parse_args
from mgdm_mmaction.errors import MGDMError
from tests.apis.conftest import CONFIG, SHORT
from tests.apis.resume import resume_equals, weights

BASE = f'_base_ = {CONFIG!r}\n'


@pytest.fixture(autouse=True)
def _data(toy, monkeypatch, tmp_path):
    """Give configs read in this process the small data, and a current folder of their own."""
    monkeypatch.setenv('MGDM_DATA', str(toy.data))
    monkeypatch.chdir(tmp_path)


def prepare(*args, config=CONFIG):
    return prepare_config(parse_args([str(config), *map(str, args)])).config


def mistake(*args, config=CONFIG) -> str:
    """The message of the mistake that a command line holds."""
    with pytest.raises(MGDMError) as caught:
        run_training(prepare_config(parse_args([str(config), *map(str, args)])))
    message = str(caught.value)
    assert '\n' not in message
    return message


def write(path, text):
    path.write_text(text)
    return path


class TestArguments:
    def test_work_dir(self, tmp_path):
        assert prepare().work_dir == 'work_dirs/mgdm_toy'
        assert prepare('--work-dir', 'out').work_dir == 'out'
        config = write(tmp_path / 'c.py', f"_base_ = {CONFIG!r}\nwork_dir = 'mine'\n")
        assert prepare(config=config).work_dir == 'mine'
        assert prepare('--work-dir', 'out', config=config).work_dir == 'out'

    def test_seed_beats_the_config(self, tmp_path):
        config = write(
            tmp_path / 'c.py', f'_base_ = {CONFIG!r}\nrandomness = dict(seed=1, deterministic=True)'
        )
        assert prepare(config=config).randomness == dict(seed=1, deterministic=True)
        changed = prepare('--seed', 0, '--diff-rank-seed', config=config).randomness
        assert changed == dict(seed=0, deterministic=True, diff_rank_seed=True)
        assert prepare().randomness.seed is None
        assert prepare('--deterministic').randomness.deterministic

    def test_no_validate(self):
        cfg = prepare('--no-validate')
        assert cfg.val_cfg is cfg.val_dataloader is cfg.val_evaluator is None

    def test_auto_scale_lr(self):
        assert not prepare().auto_scale_lr.get('enable')
        assert prepare('--auto-scale-lr').auto_scale_lr.enable

    def test_resume(self, tmp_path):
        assert not prepare().resume
        cfg = prepare('--resume')
        assert cfg.resume
        assert cfg.load_from is None
        checkpoint = write(tmp_path / 'a.pth', '')
        cfg = prepare('--resume', checkpoint)
        assert cfg.resume
        assert cfg.load_from == str(checkpoint)

    def test_options_come_last(self):
        cfg = prepare('--work-dir', 'a', '--cfg-options', 'work_dir=b', 'train_cfg.max_epochs=3')
        assert cfg.work_dir == 'b'
        assert cfg.train_cfg.max_epochs == 3

    def test_amp(self):
        cfg = prepare('--amp')
        assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
        assert cfg.optim_wrapper.loss_scale == 'dynamic'

    def test_launcher_and_local_rank(self, monkeypatch):
        monkeypatch.delenv('LOCAL_RANK', raising=False)
        assert prepare().launcher == 'none'
        assert prepare('--launcher', 'pytorch', '--local-rank', '1').launcher == 'pytorch'


@pytest.mark.parametrize(
    ('text', 'args', 'message'),
    [
        (None, [], 'config c.py does not exist'),
        ('model = dict(', [], 'c.py cannot be read as a config: SyntaxError'),
        ("_base_ = 'gone.py'", [], 'c.py cannot be read as a config: .*gone.py'),
        ("custom_imports = dict(imports=['no_such_module'])", [], 'no_such_module'),
        ('x = 1 / 0', [], 'c.py cannot be read as a config: ZeroDivisionError'),
        (BASE, ['--cfg-options', 'work_dir.x.y=1'], '--cfg-options work_dir.x.y'),
        (BASE, ['--resume', 'gone.pth'], 'checkpoint gone.pth does not exist'),
        (BASE, ['--cfg-options', 'load_from=gone.pth'], 'gone.pth does not exist'),
        (
            f"{BASE}optim_wrapper = dict(type='MyWrapper')\n",
            ['--amp'],
            "optim_wrapper.type='MyWrapper'",
        ),
        (
            f'{BASE}auto_scale_lr = dict(_delete_=True)\n',
            ['--auto-scale-lr'],
            'base_batch_size',
        ),
        (BASE, ['--cfg-options', 'train_dataloader.dataset.ann_file=gone.txt'], 'gone.txt'),
        (f'{BASE}train_dataloader = None\n', [], 'train_dataloader'),
        (
            f'{BASE}train_dataloader = dict(dataset=dict(pipeline=[dict(\n'
            "    type='AttachHardNegatives', negatives_file='not yet.jsonl', k=5)]))\n",
            [],
            "python tools/mine_negatives.py c.py --out 'not yet.jsonl'",
        ),
        *(
            (
                f"{BASE}blend = dict(type='MixupBlending', num_classes={number})\n"
                "blending = dict(type='RandomBatchAugment', augments=[blend])\n"
                'model = dict(data_preprocessor=dict(blending=blending))\n',
                [],
                rf'blending.augments.0.num_classes is {number}; the model has 12 classes',
            )
            for number in (11, 13)
        ),
        (
            BASE,
            ['--cfg-options', 'train_dataloader.dataset.num_classes=3'],
            'train_dataloader.dataset.num_classes is 3; the model has 12 classes',
        ),
    ],
)
def test_mistakes(text, args, message):
    if text is not None:
        Path('c.py').write_text(text)
    assert re.search(message, mistake(*args, config='c.py'))


@pytest.mark.parametrize(
    ('text', 'found'),
    [('', 'empty'), ('a.mp4 0\nb.mp4 99\n', 'list.txt:2'), ('a.mp4\n', 'list.txt:1')],
)
@pytest.mark.parametrize('split', ['train', 'val'])
def test_bad_annotation_file(tmp_path, split, text, found):
    path = write(tmp_path / 'list.txt', text)
    assert found in mistake('--cfg-options', f'{split}_dataloader.dataset.ann_file={path}')


@pytest.mark.slow
class TestRuns:
    def test_resumed_is_bit_for_bit_the_run_that_was_not_stopped(self, toy, tmp_path):
        args = ['train.py', CONFIG, '--seed', 3, '--deterministic', '--no-validate']
        whole = tmp_path / 'whole'
        done = toy.tool(*args, '--work-dir', whole, '--cfg-options', *SHORT)
        assert done.returncode == 0, done.stderr
        resume_equals(whole, tmp_path / 'again', toy, args, SHORT)
        first = weights(whole, 1)
        assert any(not torch.equal(first[key], value) for key, value in weights(whole).items())

    def test_amp_and_best_checkpoint(self, toy, tmp_path):
        done = toy.tool(
            'train.py', CONFIG, '--amp', '--auto-scale-lr', '--work-dir', tmp_path,
            '--cfg-options', *SHORT, 'train_cfg.max_epochs=1', 'train_cfg.val_interval=1',
            'train_dataloader.dataset.indices=8', 'val_dataloader.dataset.indices=4',
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert glob.glob(f'{tmp_path}/best_acc_top1_epoch_1.pth')
        assert 'LR is set based on batch size' in done.stdout + done.stderr

    def test_a_mistake_is_reported_once(self, toy, tmp_path):
        done = toy.tool(
            'dist_train.sh', CONFIG, 2, '--cfg-options', 'load_from=gone.pth', cwd=tmp_path
        )
        assert done.returncode != 0
        assert done.stderr.count('error: the checkpoint gone.pth does not exist') == 1
        # torchrun's report would hide it.
        assert done.stderr.splitlines()[-1].startswith('error: a process failed; the reason stands')
        done = toy.tool('train.py', 'gone.py', cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.splitlines()[-1].startswith('error: the config gone.py does not exist')
        assert 'Traceback' not in done.stderr


def test_usage_of_the_scripts(toy, tmp_path):
    for name in ('dist_train.sh', 'dist_test.sh'):
        done = toy.tool(name, cwd=tmp_path)
        assert done.returncode == 2
        assert 'usage' in done.stderr
    done = toy.tool('dist_train.sh', CONFIG, '--resume', cwd=tmp_path)
    assert done.returncode == 2
    assert "the number of GPUs should be a whole number from 1, but is '--resume'" in done.stderr
