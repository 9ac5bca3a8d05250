"""A batch that finds no room in shared memory must end a run, and not stop it for ever."""

import resource
from multiprocessing.queues import Queue

import pytest
import torch
from torch.utils.data import DataLoader

from mgdm_mmaction.errors import MGDMError


def little_room(worker_id):
    # A limit of files holds for those of shared memory, too.
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))


class Clips(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.zeros(10 if index < 2 else 10**6)


class NotSendable(Clips):
    def __getitem__(self, index):
        return lambda: index


def loader(clips=Clips, **options):
    return DataLoader(clips(), None, num_workers=2, worker_init_fn=little_room, **options)


@pytest.mark.parametrize('options', [{}, {'persistent_workers': True}])
def test_the_error_arrives_and_says_what_to_do(options):
    found = []
    with pytest.raises(MGDMError, match=r'no room in the shared memory.*--shm-size') as caught:
        found += (len(item) for item in loader(**options))
    assert found in ([], [10], [10, 10])
    assert '\n' not in str(caught.value)


def test_other_errors_arrive_with_their_traceback():
    with pytest.raises(Exception, match=r'(?s)in DataLoader worker process .*Traceback.*pickle'):
        list(loader(NotSendable))


def test_what_has_room_arrives():
    assert [len(item) for item in DataLoader(Clips(), None, num_workers=2)] == [10, 10, 1e6, 1e6]


@pytest.mark.slow
def test_the_fault_is_real(monkeypatch):
    method = Queue._on_queue_feeder_error.__wrapped__
    monkeypatch.setattr(Queue, '_on_queue_feeder_error', staticmethod(method))
    with pytest.raises(RuntimeError, match='timed out'):
        list(loader(timeout=5))
