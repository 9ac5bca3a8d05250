"""The benchmarks run, and compare equal things; no test of speed."""

import multiprocessing
import re
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset

from benchmarks.measure import compare, peak_memory
from benchmarks.mining import MiningSizes, write_mining_data
from benchmarks.naive import similarity_by_group, similarity_by_text
from benchmarks.negatives_file import Lookups, array_bytes, measure_workers, write_negatives
from benchmarks.run import main
from benchmarks.training import CONTROLS, StepSizes, TrainingStep
from benchmarks.videos import VideoSizes, write_videos
from mgdm_mmaction.datasets import AttachHardNegatives
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity
from tests.benchmarks.blocks import allocate

LINUX = pytest.mark.skipif(not Path('/proc/self/clear_refs').exists(), reason='needs Linux')
# Without those that start many processes.
MEASURED = {
    'step': r'text tower on 6 prompts a step +[\d.]+ s: [\d.]+ x the time',
    'pipeline': r'mgdm_toy.py, 2 clips of 8 frames(.|\n)*mgdm_k400.py, 1 clips of 16 frames',
    'mining': r'decord alone, the same frames +[\d.]+ videos/s, [\d.]+ x the time',
    'file': r'negatives file: 1000 videos, k = 16(.|\n)*lookups a second',
    'sharing': r'fork +private .*proportional \(PSS\) .* of [\d.]+ MiB in arrays',
    'towers': r'2  yes +[\d.]+ +not known\n.*losses and weights all finite\n.*relative difference',
}


@pytest.mark.slow
@pytest.mark.parametrize('part', list(MEASURED))
@LINUX
def test_a_part_prints_what_it_measured(part, monkeypatch, capsys):
    # No new imports in each of many processes.
    fork = multiprocessing.get_context('fork')
    monkeypatch.setattr(multiprocessing, 'get_context', lambda *_: fork)
    main(['--quick', '--repeats', '1', '--parts', part])
    out = capsys.readouterr().out
    assert re.search(MEASURED[part], out), out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--parts', 'head,tail'], "--parts takes head, step, pipeline, .*got 'tail'"),
        (['--repeats', '0'], '--repeats should be at least 1, got 0'),
    ],
)
def test_arguments_are_checked(arguments, message):
    with pytest.raises(MGDMError, match=message):
        main(arguments)


@pytest.mark.parametrize('naive', [similarity_by_group, similarity_by_text])
def test_both_sides_of_the_head_compute_the_same(naive):
    generator = torch.Generator().manual_seed(0)
    shapes = [(5, 4, 16), (3, 16), (3, 6, 16)]
    leaves = [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]
    leaves = [leaf.requires_grad_() for leaf in leaves]
    weight = torch.randn(5, 3, 6, generator=generator, dtype=torch.float64)
    ours, plain = text_guided_similarity(*leaves), naive(*leaves)
    torch.testing.assert_close(ours, plain)
    torch.testing.assert_close(
        torch.autograd.grad((ours * weight).sum(), leaves),
        torch.autograd.grad((plain * weight).sum(), leaves),
    )


def test_compare_runs_pairs_in_turns():
    calls = []
    times = compare(lambda: calls.append('a'), lambda: calls.append('b'), repeats=3)
    assert ''.join(calls) == 'ab' + 'ab' + 'ba' + 'ab'
    assert times.low <= times.ratio <= times.high


@LINUX
@pytest.mark.slow
def test_peak_memory_is_the_highest_and_not_the_sum():
    assert 39 << 20 < peak_memory(allocate, (40 << 20, 24 << 20)) < 44 << 20


def test_own_clips_are_mined_over_and_over(tmp_path):
    write_videos(tmp_path / 'clips', VideoSizes(2, 32, 32, 12), seed=0)
    (tmp_path / 'clips' / 'list.txt').unlink()
    (tmp_path / 'run').mkdir()
    sizes = MiningSizes(videos=VideoSizes(5, 0, 0, 0), clips=str(tmp_path / 'clips'))
    _, files = write_mining_data(tmp_path / 'run', sizes, seed=0)
    assert [Path(file).resolve().name for file in files] == [f'{i}.mp4' for i in (0, 1, 0, 1, 0)]


def test_controls_that_change_no_number():
    def loss(**options):
        return float(TrainingStep(StepSizes('mgdm-tiny', 2, 2, 2), **options)())

    plain = loss()
    for name in ('backbone.with_cp=True', 'EMA', 'layer-wise decay 0.75'):
        assert loss(**CONTROLS[name]) == plain, name
    assert loss(**CONTROLS['backbone.patch_dropout=0.5']) != plain


class Objects(Dataset):
    """The same negatives as Python objects, whose reference counts every reader writes."""

    def __init__(self, file):
        self.rows = [[int(i) + 1000 for i in row] for row in file.negatives]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return sum(self.rows[index])


@LINUX
@pytest.mark.slow
def test_workers_that_read_every_row_share_the_arrays(tmp_path):
    videos, k = 40_000, 15
    file = write_negatives(tmp_path / 'negatives.jsonl', videos, k, seed=0)
    attach = AttachHardNegatives(str(file), k=k)
    corpus = dict(classes=attach.corpus.classes, prompt=attach.corpus.prompt)
    none = Lookups(videos, AttachHardNegatives(k=0, corpus=corpus))
    objects = Objects(attach.file)  # in all three, so that its mere being there does not count

    without = max(worker.private for worker in measure_workers(none, 'fork'))
    ours = max(worker.private for worker in measure_workers(Lookups(videos, attach), 'fork'))
    plain = max(worker.private for worker in measure_workers(objects, 'fork'))
    size = array_bytes(attach)
    assert size > videos * k * 8
    assert ours - without < 0.2 * size
    assert plain - without > 0.8 * size
