"""A mining run that is stopped, shared or changed: the same bytes, nothing lost, nothing mixed."""

import errno
import os
import random
import shutil
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mgdm_mmaction.errors import MGDMError
from mgdm_mmaction.mining import mine
from mgdm_mmaction.mining.blocks import BlockMiner
from mgdm_mmaction.mining.parts import Parts
from mgdm_mmaction.mining.processes import Process, parse_process, this_process
from mgdm_mmaction.negatives import read_negatives
from tests.mining.small import write_config

SMALL = dict(num_negatives=3, batch_size=1, num_workers=0, progress=False)


@pytest.fixture
def config(root):
    return write_config(root)


@pytest.fixture(scope='module')
def reference(template, tmp_path_factory):
    """The bytes of a run that nothing disturbed."""
    init_default_scope('mmaction')
    root = tmp_path_factory.mktemp('reference')
    shutil.copytree(template, root, dirs_exist_ok=True)
    mine(write_config(root), root / 'reference.jsonl', **SMALL)
    return (root / 'reference.jsonl').read_bytes()


@pytest.fixture
def stopped(root, config):
    """A run that was stopped after three of eight blocks."""
    return stop(config, root / 'out.jsonl')


def stop(config, out, **changes):
    run = BlockMiner.run

    def three(self, numbers):
        for count, block in enumerate(run(self, numbers)):
            if count == 3:
                raise KeyboardInterrupt
            yield block

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BlockMiner, 'run', three)
        with pytest.raises(KeyboardInterrupt):
            mine(config, out, **SMALL, **changes)
    return out


def left_behind(root):
    return sorted(path.name for path in root.glob('out*') if path.name != 'out.jsonl')


def test_resumes_where_it_was(root, config, reference, stopped, monkeypatch, capsys):
    assert not stopped.exists()
    mined, run = [], BlockMiner.run
    monkeypatch.setattr(
        BlockMiner, 'run', lambda self, numbers: run(self, mined.extend(numbers) or numbers)
    )
    summary = mine(config, stopped, **{**SMALL, 'progress': True})
    assert mined == [3, 4, 5, 6, 7]
    assert 'resuming: 3 of 8 videos are done' in capsys.readouterr().err
    assert stopped.read_bytes() == reference
    # The summary is about all videos, not about those of the last run.
    assert str(summary).splitlines()[0].endswith('8 videos, from 7 labels')
    assert not left_behind(root)


@pytest.mark.parametrize('end', [b'', b'{"block": 3', b'0bad0bad {"block": 3}\n', b'\x00' * 9])
def test_a_half_written_block_is_mined_again(config, reference, stopped, end):
    (part,) = Path(f'{stopped}.parts').iterdir()
    whole = part.read_bytes()
    # The third block loses its end, or is followed by what a crash leaves.
    part.write_bytes(whole[:-20] if not end else whole + end)
    mine(config, stopped, **SMALL)
    assert stopped.read_bytes() == reference


def test_any_number_of_processes_writes_the_same_bytes(root, config, reference):
    for count in (2, 5):
        out = root / 'out.jsonl'
        results = [mine(config, out, process=Process(i, count), **SMALL) for i in range(count)]
        # The first one takes over what those that have not started would do.
        assert out.read_bytes() == reference
        assert [result is not None for result in results] == [True] + [False] * (count - 1)
        assert not left_behind(root)
        out.unlink()


@pytest.mark.slow
def test_processes_at_the_same_time(root, config, reference):
    out = root / 'out.jsonl'
    children = start(3, config, out, **SMALL)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert out.read_bytes() == reference
    assert not left_behind(root)


@pytest.mark.slow
def test_killed_at_random_moments(root, config, reference):
    """Ten times and more, with one, two or three processes, decoding in workers or not."""
    chance = random.Random(0)
    out = root / 'out.jsonl'
    kills = finished = 0
    while kills < 10 or not finished:
        count = chance.choice([1, 1, 2, 3])
        changes = {**SMALL, 'num_workers': chance.choice([0, 0, 1])}
        children = start(count, config, out, overwrite=True, **changes)
        limit = time.monotonic() + chance.uniform(0.1, 1.5) * count
        running = set(children)
        while running and (kills >= 10 or time.monotonic() < limit):
            running -= {child for child in running if os.waitpid(child, os.WNOHANG)[0]}
            time.sleep(0.01)
        for child in running:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
        kills += bool(running)
        if out.exists():
            assert out.read_bytes() == reference
            if not running:
                assert not left_behind(root)
                finished += 1
                out.unlink()
        else:
            assert running
    assert finished


@pytest.mark.parametrize(
    'last',
    [
        'mgdm_mmaction.negatives.writer.os.fsync',
        'mgdm_mmaction.negatives.writer.os.replace',
        'mgdm_mmaction.mining.run._write_unreadable',
        'mgdm_mmaction.mining.parts.os.rename',
        'mgdm_mmaction.mining.parts.Parts.remove_remains',
    ],
)
def test_killed_in_its_last_moments(root, config, reference, monkeypatch, last):
    """Right before each of the steps that end a run; the next call cleans up, and asks nothing."""
    out = stop(config, root / 'out.jsonl')
    with monkeypatch.context() as patch:
        if last.endswith('remove_remains'):  # also called when a run starts
            patch.setattr(Parts, 'remove', end_within_remove)
        else:
            patch.setattr(last, lambda *_: os._exit(9))
        child = fork(partial(mine, config, out, **SMALL))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference
    assert not left_behind(root)
    with pytest.raises(MGDMError, match='exists already'):
        mine(config, out, **SMALL)


@pytest.mark.parametrize('left', ['file', 'lock'])
def test_what_came_too_late_is_cleaned_up(root, config, reference, left):
    """A process that was killed before its first block, or at the lock, after the run was over."""
    out = root / 'out.jsonl'

    def leave():
        if left == 'file':
            Parts(out, {}).open(1)
        else:
            Path(f'{out}.parts.lock').touch()
        assert left_behind(root)

    mine(config, out, **SMALL)
    leave()
    assert mine(config, out, **SMALL) is None
    assert not left_behind(root)
    assert out.read_bytes() == reference
    out.write_text('another file')
    leave()
    with pytest.raises(MGDMError, match='exists already'):
        mine(config, out, **SMALL)
    assert not left_behind(root)


def end_within_remove(parts):
    os.rename(parts.folder, f'{parts.folder}.old')
    next(Path(f'{parts.folder}.old').iterdir()).unlink()
    os._exit(9)


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
def test_refuses_to_mix_settings(root, config, reference, stopped, changes, message):
    with pytest.raises(MGDMError, match=message) as error:
        mine(config, stopped, **{**SMALL, **changes})
    assert 'delete the folder to start over' in str(error.value)
    mine(config, stopped, **SMALL)  # all as it was
    assert stopped.read_bytes() == reference


def test_refuses_to_mix_inputs(root, config, stopped, weights):
    changed = Config.fromfile(config)
    changed.model.cls_head.prompt = 'a {}'
    with pytest.raises(MGDMError, match='prompt: "This is a video about {}" then, "a {}" now'):
        mine(changed, stopped, **SMALL)
    changed = Config.fromfile(config)
    changed.val_dataloader.dataset.pipeline[1].scale = (64, 64)
    with pytest.raises(MGDMError, match='pipeline: .* then, '):
        mine(changed, stopped, **SMALL)
    lines = (root / 'train.txt').read_text()
    (root / 'train.txt').write_text(lines + 'a/9.mp4 0\n')
    with pytest.raises(MGDMError, match='annotation_digest: .* then, '):
        mine(config, stopped, **SMALL)
    (root / 'train.txt').write_text(lines)
    torch.save({k: v + 1e-3 if 'proj' in k else v for k, v in weights.items()}, root / 'clip.pt')
    with pytest.raises(MGDMError, match='weights_digest: .* then, '):
        mine(config, stopped, **SMALL)


def test_a_run_that_failed_to_start_leaves_nothing(root, config):
    out = root / 'out.jsonl'
    wrong = Config.fromfile(config)
    wrong.val_dataloader.dataset.pipeline[2].crop_size = 48
    with pytest.raises(MGDMError, match='frames of'):
        mine(wrong, out, **SMALL)
    assert not left_behind(root)
    # One that was killed before its first block leaves its settings, which bind nobody.
    Path(f'{out}.parts').mkdir()
    Parts(out, {'k': 9}).open(0)
    mine(config, out, **SMALL)
    assert len(read_negatives(out)) == 8
    assert not left_behind(root)


def test_a_full_disk_keeps_what_was_finished(root, config, reference, monkeypatch):
    out, add = root / 'out.jsonl', Parts.add

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
        patch.setattr(Parts, 'add', full)
        with pytest.raises(MGDMError, match='No space left on device.*Make room'):
            mine(config, out, **SMALL)
    assert not out.exists()
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference


def test_videos_that_can_be_read_again_are(root, config, reference):
    out, video = root / 'out.jsonl', root / 'v' / 'b' / '1.mp4'
    content = video.read_bytes()
    video.write_bytes(b'junk')
    with pytest.raises(MGDMError, match='the same command resumes from here'):
        mine(config, out, **SMALL)
    video.write_bytes(content)
    mine(config, out, **SMALL)
    assert out.read_bytes() == reference


def test_a_finished_file_is_replaced_at_once(root, config, reference):
    out = root / 'out.jsonl'
    out.write_text('the old file')
    with pytest.raises(MGDMError, match='exists already'):
        mine(config, out, **SMALL)
    # The permission to replace it is remembered with the run.
    stop(config, out, overwrite=True)
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
    summary = mine(config, root / 'out.jsonl', **{**SMALL, 'progress': True})
    assert (root / 'out.jsonl').read_bytes() == reference
    assert 'The limit was ' in str(summary)


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


@pytest.mark.parametrize('name', ['open', 'add', 'finished', 'results', 'lock'])
def test_a_process_ends_when_another_one_has_finished_the_run(
    root, config, reference, monkeypatch, name
):
    """The other one merges, and removes the folder, after a single step of this one."""

    def no_locks(*_, **__):
        raise NotImplementedError('as on some network file systems')

    monkeypatch.setattr(FileLock, 'acquire', no_locks)
    out, step, calls = root / 'out.jsonl', getattr(Parts, name), []

    def then_the_other(self, *args):
        result = step(self, *args)
        if not calls:
            calls.append(name)
            mine(config, out, process=Process(1, 2), **SMALL)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(Parts, name, then_the_other)
        assert mine(config, out, process=Process(0, 2), **SMALL) is None
    assert calls
    assert out.read_bytes() == reference
    assert not left_behind(root)


def test_a_folder_that_was_deleted_meanwhile(root, config, monkeypatch):
    add = Parts.add

    def delete(self, *args):
        add(self, *args)
        self.remove()

    monkeypatch.setattr(Parts, 'add', delete)
    with pytest.raises(MGDMError, match='was removed while this run used it'):
        mine(config, root / 'out.jsonl', **SMALL)
