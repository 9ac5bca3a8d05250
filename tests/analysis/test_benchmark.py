"""The benchmarks run, compare equal things and say what they measured; no test of speed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.memory_use import peak_memory
from benchmarks.mining_data import MiningSizes, write_mining_data
from benchmarks.naive import similarity_by_group, similarity_by_text
from benchmarks.run import main
from benchmarks.timing import compare
from benchmarks.videos import VideoSizes, write_videos
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.models.layers.text_guided_similarity import text_guided_similarity

ROOT = Path(__file__).parents[2]


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


def allocate(*sizes):
    """Prepare a function that holds a block of the first size, then one of the second."""
    first = np.ones(1 << 20)  # what is there before does not count

    def run():
        for size in sizes:
            np.ones(size, dtype=np.uint8)
        return first

    return run


@pytest.mark.slow
@pytest.mark.skipif(not Path('/proc/self/clear_refs').exists(), reason='Linux alone tells')
def test_peak_memory_is_the_highest_and_not_the_sum():
    before = os.environ.get('MALLOC_MMAP_THRESHOLD_')
    peak = peak_memory(allocate, (40 << 20, 24 << 20))
    assert 39 << 20 < peak < 44 << 20
    assert os.environ.get('MALLOC_MMAP_THRESHOLD_') == before


def test_videos_can_be_decoded(tmp_path):
    import decord

    annotations = write_videos(tmp_path / 'videos', VideoSizes(2, 96, 64, 5), seed=0)
    assert annotations.read_text() == '0.mp4 0\n1.mp4 0\n'
    frames = decord.VideoReader(str(tmp_path / 'videos' / '1.mp4')).get_batch(range(5)).asnumpy()
    assert frames.shape == (5, 64, 96, 3)
    assert frames.std() > 10
    assert (frames[0] != frames[4]).any()


def test_own_clips_are_mined_over_and_over(tmp_path):
    write_videos(tmp_path / 'clips', VideoSizes(2, 32, 32, 12), seed=0)
    (tmp_path / 'run').mkdir()
    sizes = MiningSizes(videos=VideoSizes(5, 0, 0, 0), clips=str(tmp_path / 'clips'))
    cfg, files = write_mining_data(tmp_path / 'run', sizes, seed=0)
    assert [file.resolve().name for file in files] == [f'{i}.mp4' for i in (0, 1, 0, 1, 0)]
    lines = Path(cfg.train_dataloader.dataset.ann_file).read_text().splitlines()
    assert lines == ['0.mp4 0', '1.mp4 1', '2.mp4 2', '3.mp4 3', '4.mp4 0']
    with pytest.raises(MGDMError, match='no video in it'):
        write_mining_data(tmp_path, sizes._replace(clips=str(tmp_path / 'nothing')), seed=0)


def test_arguments_are_checked():
    with pytest.raises(MGDMError, match="--parts takes head, step, pipeline, .*got 'tail'"):
        main(['--parts', 'head,tail'])
    with pytest.raises(MGDMError, match='--repeats should be at least 1, got 0'):
        main(['--repeats', '0'])
    with pytest.raises(MGDMError, match="--device should be .* got 'tpu'"):
        main(['--device', 'tpu'])
    with pytest.raises(MGDMError, match="--batches .* whole numbers .* got '8;16'"):
        main(['--parts', 'towers', '--batches', '8;16'])
    with pytest.raises(MGDMError, match='--steps and --batches should be at least 1, got 0 and 8'):
        main(['--parts', 'towers', '--batches', '8', '--steps', '0'])
    with pytest.raises(MGDMError, match='ViT-B-31'):
        main(['--parts', 'towers', '--towers', 'ViT-B-31'])


@pytest.mark.slow
def test_tool_prints_ratios_of_all_parts(tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / 'benchmark.py'), '--quick', '--repeats', '1'],
        cwd=tmp_path,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    out = done.stdout
    for expected in (
        r'machine: .+ cores; torch .+',
        r'command: .*benchmark.py --quick --repeats 1',
        r'head: .+b = 6, k = 2, T = 4, D = 64',
        r'V for each \(video, text\), as printed +[\d.]+ s +\d+ MiB: [\d.]+ x the time',
        r'V for each \(video, guide\) +[\d.]+ s +\d+ MiB: [\d.]+ x the time',
        r'text tower on 6 prompts a step +[\d.]+ s: [\d.]+ x the time',
        r'mgdm_toy.py, 2 clips of 8 frames from 80 x 80',
        r'mgdm_k400.py, 1 clips of 16 frames from 340 x 256',
    ):
        assert re.search(expected, out), f'{expected} not in:\n{out}'
    assert len(re.findall(r'decord alone.+clips/s, [\d.]+ of the time', out)) == 2
    assert float(re.search(r'the largest value: (\S+)', out)[1]) < 1e-4


@pytest.mark.slow
def test_export_is_measured(capsys):
    main(['--quick', '--repeats', '1', '--parts', 'export'])

    out = capsys.readouterr().out
    assert 'export: MGDM on mgdm-tiny, T = 8, 400 classes' in out
    for name in ('onnx', 'pt2'):
        found = re.search(rf'model\.{name}: [\d.]+ MiB; .*logits (\S+)\n.*PyTorch takes', out)
        assert float(found[1]) < 1e-3
