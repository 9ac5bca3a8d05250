"""A mining run: which blocks are left, whose they are, and what happens when all are done."""

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ..datasets.transforms.unreadable_log import list_unreadable
from ..errors import MGDMError
from ..negatives import NegativesHeader, read_header
from ..negatives.writer import check_can_write
from .encoding import BlockEncoder, num_blocks
from .ledger import FinishedBlock, Ledger, RunIsOver, is_unfinished
from .merging import merge, only_one
from .processes import Process
from .progress import Progress
from .summary import MiningSummary

__all__ = ['MiningRun']

MakeHeader = Callable[[int], NegativesHeader]


class MiningRun:
    """Work through the blocks of a list, alone or beside other processes.

    Block i belongs to process i modulo their number. A process that is through with its own takes
    what others have left, from the end, so that one that was killed or is slow holds nobody up. At
    worst a block is mined twice, with the same result.

    Args:
        out (str | Path): The negatives file to write.
        process (Process): This process.
        max_bad_fraction (float): Fraction of unreadable videos to leave out.
        overwrite (bool): Replace a file that exists.

    Raises:
        MGDMError: If the file exists, no unfinished run of it is there, and ``overwrite`` is false.
    """

    def __init__(
        self, out: str | Path, process: Process, max_bad_fraction: float, overwrite: bool
    ) -> None:
        self.out = Path(out)
        self.process = process
        self.max_bad_fraction = max_bad_fraction
        unfinished = is_unfinished(out)
        # Other processes may have written the file a moment ago: that is for later to tell.
        check_can_write(out, overwrite or unfinished or process.count > 1)
        self._overwrite = overwrite

    def run(
        self, encoder: BlockEncoder, make_header: MakeHeader, progress: bool
    ) -> MiningSummary | None:
        """Mine what is left and, if nothing is left then, write the file.

        Args:
            encoder (BlockEncoder): Mines blocks.
            make_header (Callable): Number of frames of a video -> header of the file.
            progress (bool): Show progress.

        Returns:
            MiningSummary | None: None if other processes have blocks left to do.

        Raises:
            MGDMError: If too many videos are unreadable, the disk is full, or an unfinished run had
                other settings.
        """
        identity = _identity(make_header(0))
        ledger = Ledger(self.out, identity, self.process.number)
        if self._is_finished(identity, ledger):
            return None
        ledger.start()
        try:
            self._mine_all(encoder, ledger, progress)
            with only_one(ledger):
                return self._finish(encoder, ledger, make_header)
        except RunIsOver:  # another process was here first
            return None

    def _mine_all(self, encoder: BlockEncoder, ledger: Ledger, progress: bool) -> None:
        total = num_blocks(len(encoder.videos), encoder.size)
        try:
            self._mine_own(encoder, ledger, total, progress)
            while self.process.count > 1 and (left := self._left(ledger, total)):
                self._mine(encoder, ledger, self._from_the_end(left), None)
        finally:
            ledger.close()

    def _is_finished(self, identity: dict, ledger: Ledger) -> bool:
        """Tell whether another process of this run has written the file already."""
        if ledger.exists() or not self.out.exists() or self.process.count == 1:
            return False
        if _identity(read_header(self.out)) == identity:
            return True
        check_can_write(self.out, self._overwrite)
        return False

    def _mine_own(self, encoder: BlockEncoder, ledger: Ledger, total: int, progress: bool) -> None:
        """Mine this process's share, and again the blocks in which a video was unreadable."""
        done = ledger.finished()
        share = range(self.process.number, total, self.process.count)
        todo = [i for i in share if i not in done or done[i].unreadable]
        bar = None
        if progress and self.process.number == 0:
            bar = Progress(_count(encoder, share), already=_count(encoder, set(share) - set(todo)))
            bar.note(self._start_line(ledger, done, encoder))
        self._mine(encoder, ledger, todo, bar)

    def _start_line(self, ledger: Ledger, done: dict, encoder: BlockEncoder) -> str:
        parts = []
        if self.process.count > 1:
            parts.append(f'process 1 of {self.process.count}, showing its own share')
        if done:
            parts.append(
                f'going on: {_count(encoder, done)} of {len(encoder.videos)} videos are done in '
                f'{ledger.folder}'
            )
        if ledger.half_written:
            parts.append(f'{ledger.half_written} half-written blocks are mined again')
        return '; '.join(parts)

    def _mine(
        self, encoder: BlockEncoder, ledger: Ledger, numbers: Sequence[int], bar: Progress | None
    ) -> None:
        unreadable: dict[str, str] = {}
        for block in encoder.run(numbers):
            ledger.add(block.number, block.content)
            unreadable.update(block.content['unreadable'])
            self._check_unreadable(unreadable, len(unreadable), len(encoder.videos))
            if bar is not None:
                bar.advance(block.num_videos)

    @staticmethod
    def _left(ledger: Ledger, total: int) -> list[int]:
        done = ledger.finished()
        return [i for i in range(total) if i not in done]

    def _from_the_end(self, left: list[int]) -> list[int]:
        """Take half of one's part of what others have left, then look again."""
        part = left[self.process.number :: self.process.count] or left
        return part[::-1][: max(1, len(part) // 2)]

    def _finish(
        self, encoder: BlockEncoder, ledger: Ledger, make_header: MakeHeader
    ) -> MiningSummary:
        blocks = ledger.finished()
        self._check_all(blocks, ledger, len(encoder.videos))
        try:
            counter, unreadable = merge(self.out, ledger, blocks, make_header, encoder.corpus)
        except (FileNotFoundError, MGDMError) as error:
            # Another process took the folder away: on another machine, where no lock held it back.
            if ledger.exists() or not isinstance(error.__cause__ or error, FileNotFoundError):
                raise
            raise RunIsOver from None
        ledger.remove()
        top1, top5 = counter.accuracy()
        return MiningSummary(
            path=str(self.out),
            num_videos=len(encoder.videos) - len(unreadable),
            k=encoder.k,
            num_labels=len(encoder.corpus),
            num_classes=len(encoder.corpus.classes),
            top1=top1,
            top5=top5,
            confused=counter.confused(),
            unreadable=unreadable,
            repeats=encoder.videos.repeats,
            limit=encoder.limit(),
            scorer=encoder.scorer.kind,
        )

    def _check_all(self, blocks: dict[int, FinishedBlock], ledger: Ledger, num_videos: int) -> None:
        bad = {number: block for number, block in blocks.items() if block.unreadable}
        unreadable = {
            path: reason
            for content in ledger.results(bad)
            for path, reason in content['unreadable']
        }
        self._check_unreadable(unreadable, len(unreadable), num_videos)
        if len(unreadable) == num_videos:
            raise MGDMError('none of the videos could be read:\n' + list_unreadable(unreadable))

    def _check_unreadable(self, unreadable: dict[str, str], count: int, total: int) -> None:
        allowed = self.max_bad_fraction * total
        if count > allowed:
            raise MGDMError(
                f'{count} of {total} videos are unreadable so far; at most {allowed:g} are '
                'tolerated. Check `data_prefix` of the data set and the files '
                '(tools/data/check_videos.py LIST --write-clean NEW_LIST writes a list without the '
                f'broken ones), or raise --max-bad-fraction (now {self.max_bad_fraction:g}); the '
                f'same command goes on from here:\n{list_unreadable(unreadable)}'
            )


def _identity(header: NegativesHeader) -> dict:
    """What the result depends on: the header but for what is only known, or only noted, later."""
    identity = dataclasses.asdict(header)
    del identity['num_frames'], identity['package_version']
    # JSON knows no tuples.
    return json.loads(json.dumps(identity | identity.pop('settings')))


def _count(encoder: BlockEncoder, blocks) -> int:
    """Number of videos in blocks."""
    last = num_blocks(len(encoder.videos), encoder.size) - 1
    short = (last + 1) * encoder.size - len(encoder.videos)
    return len(blocks) * encoder.size - (short if last in blocks else 0)
