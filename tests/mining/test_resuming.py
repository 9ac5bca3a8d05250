"""A mining run that is stopped, shared or changed: the same bytes, nothing lost, nothing mixed."""

import errno
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest
from mmengine.config import Config

from mgdm_mmaction.commands.mine_negatives import main
from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import mine
from mgdm_mmaction.mining.encoding import BlockEncoder
from mgdm_mmaction.mining.ledger import Ledger
from mgdm_mmaction.mining.processes import Process, parse_process, this_process
from mgdm_mmaction.negatives import read_negatives
from tests.mining.small import write_config

SMALL = dict(num_negatives=3, batch_size=1, num_workers=0, progress=False)


@pytest.fixture
def config(root):
    return write_config(root)


@pytest.fixture
def reference(root, config):
    """The file of a run that nothing disturbed, and its path."""
    out = root / 'reference.jsonl'
    mine(config, out, **SMALL)
    return out.read_bytes()


def stop_after(monkeypatch, blocks):
    """Let the run end with an error after so many blocks."""
    run = BlockEncoder.run

    def stopped(self, numbers):
        for count, block in enumerate(run(self, numbers)):
            if count == blocks:
                raise KeyboardInterrupt
            yield block

    monkeypatch.setattr(BlockEncoder, 'run', stopped)


def stop_and_go_on(monkeypatch, config, out, blocks, **changes):
    with monkeypatch.context() as patch:
        stop_after(patch, blocks)
        with pytest.raises(KeyboardInterrupt):
            mine(config, out, **SMALL)
    return mine(config, out, **{**SMALL, **changes})


def test_goes_on_where_it_was(root, config, reference, monkeypatch, capsys):
    out = root / 'out.jsonl'
    mined = []
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            mine(config, out, **SMALL)
    assert not out.exists()
    run = BlockEncoder.run
    monkeypatch.setattr(
        BlockEncoder, 'run', lambda self, numbers: run(self, mined.extend(numbers) or numbers)
    )
    summary = mine(config, out, **{**SMALL, 'progress': True})
    assert mined == [3, 4, 5, 6, 7]
    assert 'going on: 3 of 8 videos are done' in capsys.readouterr().err
    assert out.read_bytes() == reference
    # The summary is about all videos, not about those of the last run.
    assert str(summary).splitlines()[0].endswith('8 videos, from 7 labels')
    assert sorted(path.name for path in root.glob('out*')) == ['out.jsonl']


@pytest.mark.parametrize('end', [b'', b'{"block": 3', b'0bad0bad {"block": 3}\n', b'\x00' * 9])
def test_a_half_written_block_is_mined_again(root, config, reference, monkeypatch, end):
    out = root / 'out.jsonl'
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            mine(config, out, **SMALL)
    (part,) = Path(f'{out}.parts').glob('part-*')
    whole = part.read_bytes()
    # The third block loses its end, or is followed by what a crash leaves.
    part.write_bytes(whole[:-20] if not end else whole + end)
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference


def test_any_number_of_processes_writes_the_same_bytes(root, config, reference):
    for count in (2, 3, 5):
        out = root / f'{count}.jsonl'
        results = [mine(config, out, process=Process(i, count), **SMALL) for i in range(count)]
        # The first one takes over what those that have not started would do.
        assert out.read_bytes() == reference
        assert [result is not None for result in results] == [True] + [False] * (count - 1)


@pytest.mark.slow
def test_processes_at_the_same_time(root, config, reference):
    out = root / 'out.jsonl'
    children = start(3, config, out, **SMALL)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert out.read_bytes() == reference
    assert sorted(path.name for path in root.glob('out*')) == ['out.jsonl']


@pytest.mark.slow
def test_killed_at_random_moments(root, config, reference):
    """Thirty times and more, with one, two or three processes, decoding in workers or not."""
    chance = random.Random(0)
    out = root / 'out.jsonl'
    kills = finished = 0
    duration = 1.5
    while kills < 30 or not finished:
        count = chance.choice([1, 1, 2, 3])
        changes = {**SMALL, 'num_workers': chance.choice([0, 0, 1])}
        begin = time.monotonic()
        children = start(count, config, out, overwrite=True, **changes)
        limit = begin + chance.uniform(0.1, duration) * count
        running = set(children)
        while running and (kills >= 30 or time.monotonic() < limit):
            running -= {child for child in running if os.waitpid(child, os.WNOHANG)[0]}
            time.sleep(0.01)
        for child in running:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        kills += bool(running)
        if out.exists():
            assert out.read_bytes() == reference
            if not running:
                finished += 1
                out.unlink()
        else:
            assert running
    assert finished


def start(count, config, out, **options) -> list[int]:
    """Start processes that mine, each in a group of its own; one that succeeds ends with 0."""
    return [fork(partial(mine, config, out, process=Process(i, count), **options))
            for i in range(count)]  # fmt: skip


def fork(work) -> int:
    child = os.fork()
    if child:
        # By the parent: on a busy machine it may kill the group before the child has made one.
        os.setpgid(child, child)
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(num_negatives=4), 'k: 3 then, 4 now'),
        (dict(batch_size=2), 'batch_size: 1 then, 2 now'),
        (dict(duplicate_threshold=0.99), 'duplicate_threshold: null then, 0.99 now'),
        (dict(precision='bfloat16'), 'precision: "float32 on cpu" then, "bfloat16 on cpu" now'),
    ],
)
def test_refuses_to_mix_settings(root, config, monkeypatch, changes, message):
    with pytest.raises(MGDMError, match=message) as error:
        stop_and_go_on(monkeypatch, config, root / 'out.jsonl', 3, **changes)
    assert 'delete the folder to start over' in str(error.value)


def test_refuses_to_mix_inputs(root, config, monkeypatch, weights):
    import torch

    out = root / 'out.jsonl'
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            mine(config, out, **SMALL)
    changed = Config.fromfile(config)
    changed.model.cls_head.prompt = 'a {}'
    with pytest.raises(MGDMError, match='prompt: "This is a video about {}" then, "a {}" now'):
        mine(changed, out, **SMALL)
    changed = Config.fromfile(config)
    changed.val_dataloader.dataset.pipeline[1].scale = (64, 64)
    with pytest.raises(MGDMError, match='pipeline: .* then, '):
        mine(changed, out, **SMALL)
    lines = (root / 'train.txt').read_text()
    (root / 'train.txt').write_text(lines + 'a/9.mp4 0\n')
    with pytest.raises(MGDMError, match='annotation_digest: .* then, '):
        mine(config, out, **SMALL)
    (root / 'train.txt').write_text(lines)
    torch.save({k: v + 1e-3 if 'proj' in k else v for k, v in weights.items()}, root / 'clip.pt')
    with pytest.raises(MGDMError, match='weights_digest: .* then, '):
        mine(config, out, **SMALL)
    torch.save(weights, root / 'clip.pt')
    mine(config, out, **SMALL)  # all as it was


def test_a_run_that_finished_nothing_gives_way(root, config):
    out = root / 'out.jsonl'
    wrong = Config.fromfile(config)
    wrong.val_dataloader.dataset.pipeline[2].crop_size = 48
    with pytest.raises(MGDMError, match='frames of'):
        mine(wrong, out, **SMALL)
    mine(config, out, **SMALL)
    assert len(read_negatives(out)) == 8


def test_a_full_disk_keeps_what_was_finished(root, config, reference, monkeypatch):
    out = root / 'out.jsonl'
    add = Ledger.add

    class Full:
        """A file on a disk with room for a few bytes."""

        def __init__(self, file):
            self.file = file
            self.room = 700

        def write(self, data):
            count = min(len(data), self.room)
            if not count:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self.room -= count
            return self.file.write(data[:count])

        def __getattr__(self, name):
            return getattr(self.file, name)

    def full(self, block, content):
        add(self, block, content)
        if not isinstance(self._file, Full):
            self._file = Full(self._file)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, 'add', full)
        with pytest.raises(MGDMError, match='No space left on device.*make room'):
            mine(config, out, **SMALL)
    assert not out.exists()
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference


def test_ctrl_c_says_that_nothing_is_lost(root, config, reference, monkeypatch, capsys):
    words = [str(config), '--out', str(root / 'out.jsonl'), '--num-negatives', '3']
    words += ['--batch-size', '1', '--num-workers', '0']
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            main(words)
    assert 'out.jsonl.parts keeps what is finished; the same command' in capsys.readouterr().err
    main(words)
    assert (root / 'out.jsonl').read_bytes() == reference


def test_a_process_says_who_writes_the_file(root, config, capsys):
    out = root / 'out.jsonl'
    words = [str(config), '--out', str(out), '--num-workers', '0', '--process']
    main([*words, '1/2'])  # takes what nobody else does
    main([*words, '2/2'])
    assert f'This process is done. Another one has written {out}.' in capsys.readouterr().out


def test_videos_that_can_be_read_again_are(root, config, reference):
    out = root / 'out.jsonl'
    video = root / 'v' / 'b' / '1.mp4'
    content = video.read_bytes()
    video.write_bytes(b'junk')
    with pytest.raises(MGDMError, match='the same command goes on from here'):
        mine(config, out, **SMALL)
    video.write_bytes(content)
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference


def test_a_finished_file_is_replaced_at_once(root, config, reference, monkeypatch):
    out = root / 'out.jsonl'
    out.write_text('the old file')
    with pytest.raises(MGDMError, match='exists already'):
        mine(config, out, **SMALL)
    # The permission to replace it is remembered with the run.
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            mine(config, out, overwrite=True, **SMALL)
    assert out.read_text() == 'the old file'
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference


def test_a_broken_pipe_stops_nothing(root, config, reference, monkeypatch):
    class Gone:
        def isatty(self):
            return False

        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr('sys.stderr', Gone())
    mine(config, root / 'out.jsonl', **{**SMALL, 'progress': True})
    assert (root / 'out.jsonl').read_bytes() == reference


def test_which_process(monkeypatch):
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'SLURM_PROCID', 'SLURM_STEP_NUM_TASKS'):
        monkeypatch.delenv(name, raising=False)
    assert this_process() == Process(0, 1, 0)
    monkeypatch.setenv('SLURM_PROCID', '3')
    assert this_process() == Process(0, 1, 0)  # a shell inside an allocation is no step of it
    monkeypatch.setenv('SLURM_STEP_NUM_TASKS', '8')
    monkeypatch.setenv('SLURM_LOCALID', '1')
    assert this_process() == Process(3, 8, 1)
    monkeypatch.setenv('RANK', '2')
    monkeypatch.setenv('WORLD_SIZE', '4')
    assert this_process() == Process(2, 4, 0)
    assert parse_process('2/8') == Process(1, 8, 1)
    for text in ('0/8', '9/8', 'two', '1', '1/2/3'):
        with pytest.raises(MGDMError, match='expected I/N'):
            parse_process(text)


def test_the_summary_says_what_the_limit_was(root, config, monkeypatch):
    summary = mine(config, root / 'out.jsonl', **SMALL)
    assert 'The limit was ' in str(summary)


def test_a_process_ends_when_another_one_has_finished_the_run(root, config, reference, monkeypatch):
    """The other one merges, and removes the folder, after each single step of this one."""

    def no_locks(file, operation):
        raise OSError('as between machines')

    monkeypatch.setattr('fcntl.flock', no_locks)
    out = root / 'out.jsonl'
    other = dict(process=Process(1, 2), **SMALL)
    for name in ('start', 'add', 'finished', 'results', 'open', 'close'):
        step, calls = getattr(Ledger, name), []

        def then_the_other(self, *args, name=name, step=step, calls=calls):
            result = step(self, *args)
            if not calls:
                calls.append(name)
                mine(config, out, overwrite=True, **other)
            return result

        with monkeypatch.context() as patch:
            patch.setattr(Ledger, name, then_the_other)
            summary = mine(config, out, process=Process(0, 2), overwrite=True, **SMALL)
        assert calls
        assert summary is None, name
        assert out.read_bytes() == reference
        assert sorted(path.name for path in root.glob('out*')) == ['out.jsonl']
        out.unlink()
