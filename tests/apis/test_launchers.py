"""The scripts that start several processes: on a machine, on several, on a SLURM cluster."""

import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tests.apis.conftest import CONFIG, ROOT, SHORT
from tests.apis.fake_slurm import install_fake_slurm
from tests.apis.resume import resume_equals
from tests.models.two_processes import free_port

SEEDED = ['--seed', 3, '--deterministic', '--no-validate']
RUN = [*SEEDED, '--cfg-options', *SHORT]


def losses(work_dir):
    """Loss of every step, from the log that rank 0 writes."""
    (file,) = work_dir.glob('*/vis_data/scalars.json')
    return [json.loads(line)['loss'] for line in file.read_text().splitlines()]


@pytest.fixture(scope='module')
def single(toy, tmp_path_factory):
    """Work directory of a training by two processes of one machine, started in another folder."""
    work = tmp_path_factory.mktemp('work dir')
    done = toy.tool('dist_train.sh', CONFIG, 2, '--work-dir', work, *RUN, cwd=work)
    assert done.returncode == 0, done.stderr
    return work


class Two:
    """Runs a tool in two processes with the variables of torchrun."""

    def __init__(self, toy):
        self.toy = toy

    def tool(self, *args):
        env = dict(WORLD_SIZE='2', MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()))
        with ThreadPoolExecutor() as pool:
            ranks = [dict(env, RANK=rank, LOCAL_RANK=rank) for rank in '01']
            done, other = pool.map(lambda rank: self.toy.tool(*args, **rank), ranks)
        assert other.returncode == 0, other.stderr
        return done


@pytest.mark.slow
def test_two_processes_resumed_are_bit_for_bit_those_not_stopped(toy, single, tmp_path):
    args = ['train.py', CONFIG, '--launcher', 'pytorch', *SEEDED]
    resume_equals(single, tmp_path / 'again', Two(toy), args, SHORT)


@pytest.mark.slow
def test_two_machines_train_as_one_with_two_processes(toy, single, tmp_path):
    port = str(free_port())

    def machine(rank):
        env = dict(NNODES='2', NODE_RANK=str(rank), MASTER_ADDR='127.0.0.1', PORT=port)
        return toy.tool('dist_train.sh', CONFIG, 1, '--work-dir', tmp_path, *RUN, **env)

    with ThreadPoolExecutor() as pool:
        for done in pool.map(machine, range(2)):
            assert done.returncode == 0, done.stderr
    assert len(losses(tmp_path)) > 1
    assert losses(tmp_path) == losses(single)


@pytest.mark.slow
def test_slurm_trains_and_tests_with_fsdp(toy, single, tmp_path):
    """Two machines of one task each, the model sharded over them, against DDP on one machine."""
    env = install_fake_slurm(tmp_path / 'bin')
    config, work = tmp_path / 'sharded toy.py', tmp_path / 'work dir'
    bases = [CONFIG, str(ROOT / 'configs' / '_base_' / 'fsdp.py')]
    config.write_text(f'_base_ = {bases!r}\n')
    env.update(GPUS='2', GPUS_PER_NODE='1', CPUS_PER_TASK='1', SRUN_ARGS='--time=1 --quiet')
    done = toy.tool('slurm_train.sh', 'long', 'my job', config, work, *RUN, **env)
    assert done.returncode == 0, done.stderr
    assert losses(work) == pytest.approx(losses(single), rel=1e-5)
    options = json.loads((tmp_path / 'bin' / 'options.json').read_text())
    assert options['-p'] == 'long'
    assert options['--job-name'] == 'my job'
    assert options['--gres'] == 'gpu:1'
    assert options['--nodes'] == options['--ntasks'] == '2'
    assert options['--time'] == '1'

    checkpoint = work / 'epoch_2.pth'
    keys = torch.load(single / 'epoch_2.pth')['state_dict'].keys()
    assert torch.load(checkpoint)['state_dict'].keys() == keys
    env.update(GRES='', GPUS='1')
    args = ['long', 'my job', config, checkpoint, '--work-dir', tmp_path / 'test']
    done = toy.tool('slurm_test.sh', *args, '--cfg-options', 'test_dataloader.batch_size=8', **env)
    assert done.returncode == 0, done.stderr
    assert 'acc/top1' in done.stdout + done.stderr
    assert '--gres' not in json.loads((tmp_path / 'bin' / 'options.json').read_text())


@pytest.mark.parametrize(
    ('env', 'message'),
    [
        (dict(NNODES='two'), "NNODES, the number of machines, should be .* but is 'two'"),
        (dict(NNODES='2', MASTER_ADDR='a'), "NODE_RANK should be .* from 0 to 1 .* but is ''"),
        (dict(NNODES='2', NODE_RANK='2', MASTER_ADDR='a'), "NODE_RANK should be .* but is '2'"),
        (dict(NNODES='2', NODE_RANK='0'), 'NNODES=2 needs MASTER_ADDR'),
        (dict(PORT='http'), "PORT should be .* but is 'http'"),
    ],
)
def test_machines_that_would_wait_for_each_other(toy, monkeypatch, env, message):
    for name in ('NNODES', 'NODE_RANK', 'MASTER_ADDR', 'PORT', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)
        toy.env.pop(name, None)
    done = toy.tool('dist_train.sh', CONFIG, 1, **env)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert re.search(message, done.stderr)


@pytest.mark.parametrize(
    ('env', 'message'),
    [
        (dict(GPUS='all'), "GPUS should be a whole number from 1, but is 'all'"),
        (dict(GPUS='12'), 'GPUS=12 is no multiple of GPUS_PER_NODE=8'),
        (dict(CPUS_PER_TASK='0'), "CPUS_PER_TASK should be a whole number from 1, but is '0'"),
        ({}, 'there is no srun here'),
    ],
)
def test_mistakes_before_a_job_is_submitted(toy, env, message):
    done = toy.tool('slurm_train.sh', 'long', 'job', CONFIG, PATH='/usr/bin:/bin', **env)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize('name', ['slurm_train.sh', 'slurm_test.sh'])
def test_usage(toy, name):
    done = toy.tool(name, 'long')
    assert done.returncode == 2
    assert 'PARTITION JOB_NAME CONFIG' in done.stderr


def test_scripts_are_bash_that_parses():
    for script in sorted((ROOT / 'tools').glob('*.sh')):
        done = subprocess.run(['bash', '-n', script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
