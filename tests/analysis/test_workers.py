"""Forked workers share the negatives: measured, and against objects that they would not share."""

import re
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import Dataset

from benchmarks import sharing, workers
from benchmarks.run import main
from benchmarks.workers import (
    Lookups,
    array_bytes,
    measure_workers,
    process_memory,
    write_negatives,
)
from mgdm_mmaction.datasets import AttachHardNegatives
from mgdm_mmaction.errors import MGDMError

LINUX = pytest.mark.skipif(not Path('/proc/self/smaps_rollup').exists(), reason='Linux alone tells')
VIDEOS, K = 40_000, 15


class Objects(Dataset):
    """The same negatives as Python objects, whose reference counts every reader writes."""

    def __init__(self, file):
        self.rows = [[int(i) + 1000 for i in row] for row in file.negatives]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return sum(self.rows[index])


@LINUX
def test_private_and_shared_memory_of_a_process():
    before = process_memory()
    block = np.ones(32 << 20, dtype=np.uint8)
    after = process_memory()
    assert after.private - before.private == pytest.approx(block.nbytes, rel=0.1)
    assert after.proportional >= after.private


def test_a_system_that_does_not_tell():
    with pytest.raises(MGDMError, match='only Linux tells'):
        process_memory('no such process')


@LINUX
@pytest.mark.slow
def test_workers_that_read_every_row_share_the_arrays(tmp_path):
    file = write_negatives(tmp_path / 'negatives.jsonl', VIDEOS, K, seed=0)
    attach = AttachHardNegatives(str(file), k=K)
    corpus = dict(classes=attach.corpus.classes, prompt=attach.corpus.prompt)
    none = Lookups(VIDEOS, AttachHardNegatives(k=0, corpus=corpus))
    objects = Objects(attach.file)  # in all three, so that its mere being there does not count

    without = max(worker.private for worker in measure_workers(none, 'fork'))
    ours = max(worker.private for worker in measure_workers(Lookups(VIDEOS, attach), 'fork'))
    plain = max(worker.private for worker in measure_workers(objects, 'fork'))
    size = array_bytes(attach)
    assert size > VIDEOS * K * 8
    assert ours - without < 0.2 * size
    assert plain - without > 0.8 * size


@LINUX
def test_command(capsys, monkeypatch):
    # In this process, which is quicker to start than a new one.
    monkeypatch.setattr(sharing, 'run_alone', workers._measure)
    main(['--parts', 'sharing', '--quick'])
    assert re.search(r'fork +private .+ of 0\.4 MiB in arrays', capsys.readouterr().out)
