"""Blocks of videos through the decoding workers and the frozen tower."""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from .ranking import rank_negatives
from .scorer import Scorer
from .summary import true_ranks
from .videos import MiningVideos

__all__ = ['BlockEncoder', 'num_blocks']


def num_blocks(num_videos: int, size: int) -> int:
    """Return how many blocks of ``size`` videos a list has, the last one perhaps shorter."""
    return -(-num_videos // size)


class Block(NamedTuple):
    """The result of a block.

    Args:
        number (int): Its number: videos ``number * size`` and following of the list.
        num_videos (int): Videos in it.
        content (dict): For the ledger: ``num_frames``, ``rows`` of [path, label, rank of the true
            class, negatives, scores], ``unreadable`` videos as [path, reason].
    """

    number: int
    num_videos: int
    content: dict


class BlockEncoder:
    """Mine blocks of consecutive videos.

    A block always goes through the tower as a whole, whoever mines it and however often the run was
    stopped: the sums of floating point numbers depend a little on what shares a batch.

    Args:
        videos (MiningVideos): The videos of the list.
        scorer (Scorer): Scores the labels, prepared for the corpus.
        preprocessor (nn.Module): The config's data preprocessor, which normalises frames.
        corpus (LabelCorpus): n labels, C classes.
        allowed (np.ndarray): Labels that may be a negative of each class, bool, shape [C, n].
        k (int): Negatives a video.
        size (int): Videos a block.
        num_workers (int): Processes that decode.

    Attributes:
        waited (float): Seconds that the tower waited for frames.
        worked (float): Seconds that frames waited for the tower.
    """

    def __init__(
        self,
        videos: MiningVideos,
        scorer: Scorer,
        preprocessor: nn.Module,
        corpus: LabelCorpus,
        allowed: np.ndarray,
        k: int,
        size: int,
        num_workers: int,
    ) -> None:
        self.videos = videos
        self.scorer = scorer
        self.preprocessor = preprocessor
        self.corpus = corpus
        self.allowed = allowed
        self.k = k
        self.size = size
        self.num_workers = num_workers
        self.waited = self.worked = 0.0

    def run(self, numbers: Sequence[int]) -> Iterator[Block]:
        """Mine blocks, decoding ahead.

        Args:
            numbers (Sequence[int]): Their numbers.

        Yields:
            Block: Results in the same order.
        """
        batches = [
            range(i * self.size, min((i + 1) * self.size, len(self.videos))) for i in numbers
        ]
        loader = DataLoader(
            self.videos,
            batch_sampler=batches,
            num_workers=self.num_workers,
            collate_fn=list,
            pin_memory=False,
        )
        before = time.perf_counter()
        for number, items in zip(numbers, loader, strict=True):
            decoded = time.perf_counter()
            content = self._encode(items)
            self.waited += decoded - before
            before = time.perf_counter()
            self.worked += before - decoded
            yield Block(number, len(items), content)

    def _encode(self, items: list[tuple[int, Tensor | None, str]]) -> dict:
        path_of, labels_of = self.videos.path_of, self.videos.labels
        good = [item for item in items if item[1] is not None]
        content = {
            'num_frames': 0,
            'rows': [],
            'unreadable': [[path_of(i), why] for i, frames, why in items if frames is None],
        }
        if good:
            frames = self._normalise([item[1] for item in good])
            scores = self.scorer.scores(frames)
            labels = labels_of[[item[0] for item in good]]
            ids, values = rank_negatives(scores, self.allowed[labels], self.k)
            ranks = true_ranks(scores, labels, self.corpus)
            content['num_frames'] = int(frames.shape[1])
            content['rows'] = [
                [path_of(item[0]), *row]
                for item, *row in zip(
                    good, labels.tolist(), ranks.tolist(), ids.tolist(), values.tolist(),
                    strict=True,
                )
            ]  # fmt: skip
        return content

    @torch.no_grad()
    def _normalise(self, frames: Sequence[Tensor]) -> Tensor:
        """Return normalised frames [B, T, 3, H, W]."""
        sizes = {tuple(item.shape) for item in frames}
        if len(sizes) > 1:
            raise MGDMError(
                f'the pipeline gives videos of different shapes, {sorted(sizes)[:2]}; end it with '
                'CenterCrop and the same number of frames for every video.'
            )
        data = {'inputs': list(frames), 'data_samples': None}
        return self.preprocessor(data, training=False)['inputs']

    def limit(self) -> str:
        """Say what this process waited for, empty if it mined nothing."""
        total = self.waited + self.worked
        if not total:
            return ''
        share = f'{100 * self.waited / total:.0f} % of the time the tower waited for decoded videos'
        if self.waited > self.worked:
            return f'The limit was decoding: {share}. More --num-workers may help.'
        return f'The limit was the tower: only {share}.'
