"""A mining run: which blocks are left, whose they are, and what happens when all are done."""

import contextlib
import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..datasets.transforms.unreadable_log import list_unreadable
from ..errors import MGDMError, check_output, explain_disk
from ..negatives import NegativesHeader, NegativesWriter, read_header
from .blocks import BlockMiner
from .parts import FinishedBlock, Parts, RunIsOver
from .processes import Process
from .progress import Progress
from .summary import MiningSummary, SummaryCounter, unreadable_file

__all__ = ['MiningRun']


class MiningRun:
    """Work through the blocks of a list, alone or beside other processes.

    Block i belongs to process i modulo their number. A process that is through with its own takes
    what others have left, from the end, so that one that was killed or is slow holds nobody up. At
    worst a block is mined twice, with the same result.

    Args:
        out (str | Path): The negatives file to write.
        header (NegativesHeader): Its header, but for ``num_frames``.
        miner (BlockMiner): Mines blocks.
        process (Process): This process.
        max_bad_fraction (float): Fraction of unreadable videos to leave out.
        overwrite (bool): Replace a file that exists.
    """

    def __init__(
        self,
        out: str | Path,
        header: NegativesHeader,
        miner: BlockMiner,
        process: Process,
        max_bad_fraction: float,
        overwrite: bool,
    ) -> None:
        self.out = Path(out)
        self.header = header
        self.miner = miner
        self.process = process
        self.max_bad_fraction = max_bad_fraction
        self.overwrite = overwrite
        self.parts = Parts(out, _settings(header))

    def run(self, progress: bool) -> MiningSummary | None:
        """Mine what is left and, if nothing is left then, write the file.

        Args:
            progress (bool): Show progress.

        Returns:
            MiningSummary | None: None if another process has written the file.

        Raises:
            MGDMError: If too many videos are unreadable, the disk is full, the file exists, or an
                unfinished run had other settings.
        """
        parts = self.parts
        try:
            parts.open(self.process.number)
            try:
                done = parts.finished()
                if self._is_finished(done):
                    return None
                self._mine_share(done, progress)
                while left := self._left():
                    self._mine(left)
                with parts.lock():
                    return self._merge(parts.finished())
            except (OSError, MGDMError):
                if not parts.is_open():
                    raise RunIsOver from None
                raise
            finally:
                parts.close()
        except RunIsOver:  # another process was here first
            if self._is_written():
                return None
            raise MGDMError(
                f'{parts.folder}: was removed while this run used it, and {self.out} is not the '
                'file of this run. Run the same command again.'
            ) from None

    def _is_finished(self, done: Mapping[int, FinishedBlock]) -> bool:
        """Find out whether this process comes after the end; with blocks, the run is not over."""
        remains = self.parts.remove_remains()
        if done:
            return False
        # One that was killed before its first block, as a process that came too late, left a file.
        others = self.parts.others()
        if (self.process.count > 1 or remains or others) and self._is_written():
            self.parts.remove()
            return True
        try:
            check_output(self.out, self.overwrite)
        except MGDMError:
            for file in others:
                file.unlink(missing_ok=True)
            raise
        return False

    def _is_written(self) -> bool:
        with contextlib.suppress(MGDMError):
            return _settings(read_header(self.out)) == self.parts.settings
        return False

    def _mine_share(self, done: Mapping[int, FinishedBlock], progress: bool) -> None:
        """Mine this process's share, and again the blocks in which a video was unreadable."""
        share = range(self.process.number, len(self.miner.blocks), self.process.count)
        todo = [i for i in share if i not in done or done[i].unreadable]
        if not progress or self.process.number:
            self._mine(todo)
            return
        ready = self._count(share) - self._count(todo)
        with Progress(self._count(share), already=ready) as bar:
            if self.process.count > 1:
                bar.note(f'process 1 of {self.process.count}, showing its own share')
            if done:
                bar.note(
                    f'resuming: {self._count(done)} of {len(self.miner.videos)} videos are done '
                    f'in {self.parts.folder}'
                )
            if self.parts.half_written:
                bar.note(f'{self.parts.half_written} half-written blocks are mined again')
            self._mine(todo, bar)

    def _count(self, blocks: Sequence[int]) -> int:
        return sum(len(self.miner.blocks[i]) for i in blocks)

    def _mine(self, numbers: Sequence[int], bar: Progress | None = None) -> None:
        unreadable: dict[str, str] = {}
        for number, content in self.miner.run(numbers):
            self.parts.add(number, content)
            unreadable.update(content['unreadable'])
            self._check_unreadable(unreadable)
            if bar is not None:
                bar.advance(len(self.miner.blocks[number]))

    def _left(self) -> list[int]:
        """Return half of this process's part of what others have left, from the end."""
        done = self.parts.finished()
        left = [i for i in range(len(self.miner.blocks)) if i not in done]
        part = left[self.process.number :: self.process.count] or left
        return part[::-1][: (len(part) + 1) // 2]

    def _merge(self, blocks: Mapping[int, FinishedBlock]) -> MiningSummary:
        """Write the file in the order of the list, put it in its place and remove the folder.

        The bytes depend on the blocks alone. The file appears whole or not at all.
        """
        miner, parts = self.miner, self.parts
        bad = {number: block for number, block in blocks.items() if block.unreadable}
        unreadable = dict(row for result in parts.results(bad) for row in result['unreadable'])
        self._check_unreadable(unreadable)
        if len(unreadable) == len(miner.videos):
            raise MGDMError('none of the videos could be read:\n' + list_unreadable(unreadable))
        num_frames = next(x['num_frames'] for x in parts.results(blocks) if x['rows'])
        header = dataclasses.replace(self.header, num_frames=num_frames)
        counter = SummaryCounter(miner.corpus)
        # Two processes may come here at once, where there are no locks: each writes its own file.
        part = parts.folder / f'merged-{self.process.number}-{os.getpid()}.tmp'
        with NegativesWriter(self.out, header, True, part) as writer:
            for result in parts.results(blocks):
                for path, label, rank, ids, scores in result['rows']:
                    writer.write(path, label, ids, scores)
                    counter.add(label, rank, ids)
        _write_unreadable(unreadable_file(self.out), unreadable)
        parts.remove()
        top1, top5 = counter.accuracy()
        return MiningSummary(
            path=str(self.out),
            num_videos=len(miner.videos) - len(unreadable),
            k=miner.k,
            num_labels=len(miner.corpus),
            num_classes=len(miner.corpus.classes),
            top1=top1,
            top5=top5,
            confused=counter.confused(),
            unreadable=unreadable,
            repeats=miner.videos.repeats,
            limit=miner.limit(),
            scorer=miner.scorer.kind,
        )

    def _check_unreadable(self, unreadable: dict[str, str]) -> None:
        total = len(self.miner.videos)
        if len(unreadable) > self.max_bad_fraction * total:
            raise MGDMError(
                f'{len(unreadable)} of {total} videos are unreadable so far; at most '
                f'{self.max_bad_fraction * total:g} are tolerated. Check `data_prefix` of the data '
                'set and the files (tools/data/check_videos.py LIST --write-clean NEW_LIST writes '
                'a list without the broken ones), or raise --max-bad-fraction (now '
                f'{self.max_bad_fraction:g}); the same command resumes from here:\n'
                f'{list_unreadable(unreadable)}'
            )


def _write_unreadable(path: Path, unreadable: Mapping[str, str]) -> None:
    if not unreadable:
        path.unlink(missing_ok=True)
        return
    lines = [f'{video}\t{reason}\n' for video, reason in unreadable.items()]
    with explain_disk(path):
        path.write_text(''.join(lines), encoding='utf-8', errors='surrogateescape')


def _settings(header: NegativesHeader) -> dict:
    """Return what the result depends on: all but what is known only later, or only noted."""
    found = dataclasses.asdict(header)
    del found['num_frames'], found['package_version']
    # As it is read from a file: JSON knows no tuples.
    return json.loads(json.dumps(found | found.pop('settings')))
