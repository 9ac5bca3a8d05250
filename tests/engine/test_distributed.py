"""What the launchers set for a process, and the messages when they set nothing."""

import os

import pytest
from mmengine.config import Config

from mgdm_mmaction.engine import is_cpu_only, process_rank, start_process_group
from mgdm_mmaction.engine.distributed import _name_as_torch
from mgdm_mmaction.errors import MGDMError
from tests.apis.fake_slurm import install_fake_slurm

NAMES = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in [*NAMES, *os.environ]:
        if name in NAMES or name.startswith(('SLURM_', 'OMPI_')):
            monkeypatch.setenv(name, '')  # so that it is restored, whatever sets it here
            monkeypatch.delenv(name)


def set_slurm(monkeypatch):
    values = dict(PROCID=5, LOCALID=1, NTASKS=8, NODELIST='machine[1-2]', TASKS_PER_NODE='4(x2)')
    for name, value in values.items():
        monkeypatch.setenv(f'SLURM_{name}', str(value))


def test_one_process_needs_nothing():
    cfg = Config(dict(launcher='none'))
    start_process_group(cfg)
    assert cfg.to_dict() == dict(launcher='none')
    assert process_rank() == 0


@pytest.mark.parametrize(
    ('launcher', 'message'),
    [
        ('pytorch', 'no RANK, WORLD_SIZE, LOCAL_RANK.* Start it with tools/dist_train.sh or torch'),
        ('slurm', 'no SLURM_PROCID, SLURM_NTASKS.* Start it with tools/slurm_train.sh or srun'),
        ('mpi', 'no OMPI_COMM_WORLD_RANK.* Start it with mpirun'),
    ],
)
def test_a_launcher_that_did_not_launch(launcher, message):
    with pytest.raises(MGDMError, match=message):
        start_process_group(Config(dict(launcher=launcher)))


def test_slurm_variables_become_torchs(monkeypatch, tmp_path):
    set_slurm(monkeypatch)
    monkeypatch.setenv('PATH', install_fake_slurm(tmp_path / 'bin')['PATH'])
    assert process_rank() == 5
    _name_as_torch('slurm', None)
    found = {name: os.environ[name] for name in NAMES}
    assert found == dict(
        RANK='5', WORLD_SIZE='8', LOCAL_RANK='1', LOCAL_WORLD_SIZE='4',
        MASTER_ADDR='localhost', MASTER_PORT='29500',
    )  # fmt: skip
    # What the user sets is kept, and the port of the config comes first.
    monkeypatch.setenv('MASTER_ADDR', 'first.example')
    monkeypatch.setenv('MASTER_PORT', '1234')
    _name_as_torch('slurm', None)
    assert (os.environ['MASTER_ADDR'], os.environ['MASTER_PORT']) == ('first.example', '1234')
    _name_as_torch('slurm', 4321)
    assert os.environ['MASTER_PORT'] == '4321'


def test_a_cluster_without_a_list_of_hosts(monkeypatch, tmp_path):
    set_slurm(monkeypatch)
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(MGDMError, match=r"hosts of SLURM_NODELIST='machine\[1-2\]'.* MASTER_ADDR"):
        _name_as_torch('slurm', None)


def test_mpi_needs_an_address(monkeypatch):
    for name, value in dict(RANK=1, SIZE=2, LOCAL_RANK=1).items():
        monkeypatch.setenv(f'OMPI_COMM_WORLD_{name}', str(value))
    assert process_rank() == 1
    with pytest.raises(MGDMError, match='mpi: set MASTER_ADDR'):
        _name_as_torch('mpi', None)
    monkeypatch.setenv('MASTER_ADDR', 'localhost')
    _name_as_torch('mpi', None)
    assert (os.environ['RANK'], os.environ['WORLD_SIZE']) == ('1', '2')


@pytest.mark.skipif(not is_cpu_only(), reason='a GPU needs nothing of this')
def test_one_task_of_slurm_on_a_cpu(monkeypatch):
    import torch.distributed as dist

    values = dict(SLURM_PROCID=0, SLURM_NTASKS=1, MASTER_ADDR='127.0.0.1', MASTER_PORT=0)
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    cfg = Config(dict(launcher='slurm'))
    try:
        start_process_group(cfg)
        assert dist.get_backend() == cfg.env_cfg.dist_cfg.backend == 'gloo'
        assert cfg.model_wrapper_cfg.device_ids is None
    finally:
        dist.destroy_process_group()
