"""Blocks of videos through the decoding workers and the scorer."""

import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..errors import MGDMError
from ..text.corpus import LabelCorpus
from .ranking import rank_negatives, true_ranks
from .scorers import Scorer
from .videos import MiningVideos

__all__ = ['BlockMiner']


class BlockMiner:
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
        size (int): Videos a block; the last one may be shorter.
        num_workers (int): Processes that decode.
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
        self.preprocessor = preprocessor.to(scorer.device)
        self.corpus = corpus
        self.allowed = allowed
        self.k = k
        self.blocks = [range(i, min(i + size, len(videos))) for i in range(0, len(videos), size)]
        self.num_workers = num_workers
        self._waited = self._worked = 0.0

    def run(self, numbers: Sequence[int]) -> Iterator[tuple[int, dict]]:
        """Mine blocks, decoding ahead.

        Args:
            numbers (Sequence[int]): Their numbers.

        Yields:
            tuple[int, dict]: Number and content, in the same order: ``num_frames``, ``rows`` of
            [path, label, rank of the true class, negatives, scores], ``unreadable`` videos as
            [path, reason].
        """
        loader = DataLoader(
            self.videos,
            batch_sampler=[self.blocks[i] for i in numbers],
            num_workers=self.num_workers,
            collate_fn=list,
        )
        before = time.perf_counter()
        for number, items in zip(numbers, loader, strict=True):
            decoded = time.perf_counter()
            content = self._mine(items)
            self._waited += decoded - before
            before = time.perf_counter()
            self._worked += before - decoded
            yield number, content

    def _mine(self, items: list[tuple[int, Tensor | None, str]]) -> dict:
        path_of = self.videos.path_of
        unreadable = [[path_of(i), why] for i, frames, why in items if frames is None]
        content = {'num_frames': 0, 'rows': [], 'unreadable': unreadable}
        if good := [item for item in items if item[1] is not None]:
            frames = self._normalise([item[1] for item in good])
            scores = self.scorer.scores(frames)
            labels = self.videos.labels[[item[0] for item in good]]
            ids, values = rank_negatives(scores, self.allowed[labels], self.k)
            columns = (labels, true_ranks(scores, labels, self.corpus), ids, values)
            rows = zip(good, *(column.tolist() for column in columns), strict=True)
            content['num_frames'] = int(frames.shape[1])
            content['rows'] = [[path_of(item[0]), *row] for item, *row in rows]
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
        """Report what this process waited for, empty if it mined nothing."""
        total = self._waited + self._worked
        if not total:
            return ''
        waited = self._waited / total
        share = f'{100 * waited:.0f} % of the time the tower waited for decoded videos'
        if waited > 0.5:
            return f'The limit was decoding: {share}. More --num-workers may help.'
        return f'The limit was the tower: only {share}.'
