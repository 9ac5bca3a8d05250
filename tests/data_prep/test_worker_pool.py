import os
import signal
import threading
import time

import pytest

from mgdm_mmaction.data_prep.worker_pool import WorkerLost, run_guarded


def test_results_come_back_by_task():
    assert dict(run_guarded(lambda task: task * task, 20, 3)) == {i: i * i for i in range(20)}
    assert list(run_guarded(str, 0, 2)) == []


def test_a_crash_costs_one_task_and_is_tried_twice(tmp_path):
    def work(task):
        if task in (0, 3):
            os.kill(os.getpid(), signal.SIGSEGV)
        if task == 5:
            os._exit(7)
        if task == 6 and not (tmp_path / 'tried').exists():
            (tmp_path / 'tried').touch()
            os._exit(1)
        return task

    found = dict(run_guarded(work, 8, 2))
    lost = {task: result.reason for task, result in found.items() if result != task}
    assert lost == {
        0: 'crashed the decoder (SIGSEGV)',
        3: 'crashed the decoder (SIGSEGV)',
        5: 'crashed the decoder (exit code 7)',
    }
    assert sorted(found) == list(range(8))


def test_a_task_that_hangs_is_given_up():
    def work(task):
        if task == 1:
            time.sleep(600)
        return task

    assert dict(run_guarded(work, 3, 2, timeout=0.3)) == {
        0: 0, 1: WorkerLost('not decoded within 0.3 s'), 2: 2,
    }  # fmt: skip


def test_a_worker_that_dies_between_two_tasks_costs_none():
    def work(task):
        if task == 0:
            threading.Timer(0.05, os._exit, [9]).start()
        time.sleep(0.3 * (task == 1))
        return task

    assert dict(run_guarded(work, 3, 1)) == {0: 0, 1: 1, 2: 2}


def test_a_fault_of_the_program_keeps_its_traceback():
    def work(task):
        return [][task]

    with pytest.raises(IndexError) as caught:
        list(run_guarded(work, 2, 1))
    assert 'return [][task]' in str(caught.value.__cause__)
