"""Recognise the actions of any video."""

from collections.abc import Iterator, Sequence
from os import PathLike
from typing import NamedTuple

import numpy as np
import torch
from mmaction.registry import INFERENCERS
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.infer import BaseInferencer
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import Progress

from ..corpus import read_labels
from ..errors import MGDMError
from ..models import MGDM
from .frames import open_frames
from .inputs import Source, list_sources
from .loading import build_recognizer, choose_labels, read_model
from .memory import release_memory
from .pipeline import Clip, WindowPipeline, test_pipeline
from .results import Predictions, VideoPrediction, WindowPrediction
from .unreadable import UnreadableVideoError
from .windows import check_window, frames_between, window_starts

__all__ = ['MGDMInferencer']


class _Window(NamedTuple):
    """A stretch of a video on its way through the model.

    Args:
        source (int): Position of the video among the inputs.
        start (float): Where it starts, in seconds.
        end (float): Where it ends, in seconds.
        clip (Clip | None): Its frames, until the model has seen them.
        error (str | None): Why there are none.
        scores (np.ndarray | None): Probability of each label [C].
        best (np.ndarray | None): Labels by falling score, as many as were asked for [K].
        times (np.ndarray | None): When the frames are shown, in seconds [T].
        attention (np.ndarray | None): Of the best labels over the frames [K, T].
    """

    source: int
    start: float = 0.0
    end: float = 0.0
    clip: Clip | None = None
    error: str | None = None
    scores: np.ndarray | None = None
    best: np.ndarray | None = None
    times: np.ndarray | None = None
    attention: np.ndarray | None = None


@INFERENCERS.register_module()
class MGDMInferencer(BaseInferencer):
    """Recognise the actions of videos, with the labels of the training or with any others.

    Follows MMEngine's ``BaseInferencer``: :meth:`preprocess` opens videos and samples clips,
    :meth:`forward` scores them, :meth:`postprocess` makes the answer.

    Args:
        model (str | Config, optional): A config or its file, or a checkpoint: it carries its config
            and its labels. Defaults to None: ``weights`` is such a checkpoint.
        weights (str, optional): Checkpoint. Defaults to None: that of ``model``, or, for a config
            alone, CLIP's weights and nothing trained, with a warning.
        device (str, optional): 'cpu', 'cuda' or 'cuda:1'. Defaults to None: a GPU if there is one.
        labels (str | Sequence[str], optional): What to recognise: a list of free texts, a file with
            one a line, or a packaged map ('k400'). Defaults to None: what it was trained on.
        pretrained (str, optional): CLIP weights (tag or file) that the model was trained from, for
            labels that the checkpoint does not hold. Defaults to None: those that the config names.
        scope (str, optional): MMEngine's registry scope. Defaults to 'mmaction'.
        show_progress (bool, optional): Show a progress bar, on standard error. Defaults to True.

    Raises:
        MGDMError: If the model cannot be made of this.

    Example:
        >>> inferencer = MGDMInferencer('epoch_20.pth')  # doctest: +SKIP
        >>> inferencer('clip.mp4')[0].labels[0]  # doctest: +SKIP
        'opening a door'
    """

    preprocess_kwargs = {'window', 'stride', 'fps'}
    forward_kwargs = {'top_k', 'attention'}
    visualize_kwargs: set = set()
    postprocess_kwargs = {'sources', 'out'}

    def __init__(
        self,
        model: str | Config | None = None,
        weights: str | None = None,
        device: str | None = None,
        labels: str | Sequence[str] | None = None,
        pretrained: str | None = None,
        scope: str | None = 'mmaction',
        show_progress: bool = True,
    ) -> None:
        init_default_scope(scope or 'mmaction')
        cfg, checkpoint, from_checkpoint = read_model(model, weights)
        if labels is not None:
            labels = read_labels(labels)
        self._loaded = build_recognizer(cfg, checkpoint, from_checkpoint, labels, pretrained)
        super().__init__(cfg, device=device, scope=scope, show_progress=show_progress)
        del self._loaded

    def __call__(
        self,
        inputs: str | PathLike | np.ndarray | Sequence,
        return_datasamples: bool = False,
        batch_size: int = 1,
        *,
        labels: str | Sequence[str] | None = None,
        top_k: int = 5,
        window: float | None = None,
        stride: float | None = None,
        fps: float = 30.0,
        attention: bool = False,
        out: str | PathLike | None = None,
    ) -> Predictions | list[ActionDataSample]:
        """Recognise what happens in videos.

        Args:
            inputs (str | PathLike | np.ndarray | Sequence): A video, a folder (all videos below it,
                in natural order), a uint8 array [frames, H, W, 3] in RGB order, or a list of those.
            return_datasamples (bool, optional): Return MMAction2's ``ActionDataSample`` with
                ``pred_score`` and ``pred_label``, one a video; a broken one has ``error`` instead.
                Defaults to False.
            batch_size (int, optional): Windows that the model sees at once, of one video or of
                several. Defaults to 1.
            labels (str | Sequence[str], optional): What to recognise in this call, as for the
                constructor. Defaults to None: ``self.labels``.
            top_k (int, optional): Labels to name; all, if there are fewer. Defaults to 5.
            window (float, optional): Length of sliding windows in seconds. Defaults to None: one
                window over the whole video.
            stride (float, optional): Seconds from one window to the next. Defaults to None: the
                length of a window.
            fps (float, optional): Frames per second of arrays. Defaults to 30.
            attention (bool, optional): Return which frames each label looked at. Defaults to False.
            out (str | PathLike, optional): File for the result, ``.json`` or ``.csv``. Defaults to
                None.

        Returns:
            Predictions | list[ActionDataSample]: One for each video, in the order of the inputs.
            A video that cannot be read has an ``error`` and does not stop the others.

        Raises:
            MGDMError: If an argument is wrong.
        """
        stride = check_window(window, stride)
        for name, value in (('batch_size', batch_size), ('top_k', top_k)):
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise MGDMError(f'{name}={value!r}: expected a whole number from 1')
        if not isinstance(fps, int | float) or not 0 < fps < float('inf'):
            raise MGDMError(f'fps={fps!r}: expected frames per second, above 0')
        _check_out(out)
        sources = self._inputs_to_list(inputs)
        before = self.labels
        if labels is not None:
            self.set_labels(labels)
        try:
            windows: list[_Window] = []
            bar = Progress(console=Console(stderr=True), disable=not self.show_progress)
            with bar:
                task = bar.add_task('Inference', total=len(sources))
                for batch in self.preprocess(sources, batch_size, window, stride, fps):
                    windows += self.forward(batch, top_k, attention)
                    release_memory()
                    # The last video of a batch may have more windows.
                    bar.update(task, completed=windows[-1].source)
                bar.update(task, completed=len(sources))
            visualization = self.visualize(sources, windows)
            return self.postprocess(
                windows, visualization, return_datasamples, sources=sources, out=out
            )
        finally:
            self.set_labels(before)

    @property
    def labels(self) -> list[str]:
        """list[str]: What is recognised, in the order of the scores."""
        return list(self.model.cls_head.corpus.classes)

    def set_labels(self, labels: str | Sequence[str]) -> None:
        """Recognise other labels from now on. A text is encoded when it is first seen, and kept.

        Args:
            labels (str | Sequence[str]): As for the constructor.

        Raises:
            MGDMError: If the labels cannot be read, or not be encoded for lack of CLIP weights.
        """
        choose_labels(self.model, read_labels(labels))

    def preprocess(
        self,
        inputs: list[Source],
        batch_size: int = 1,
        window: float | None = None,
        stride: float | None = None,
        fps: float = 30.0,
    ) -> Iterator[list[_Window]]:
        """Open the videos one after the other and yield batches of their windows.

        No more than one video is open, and no more than one batch of clips in memory.

        Args:
            inputs (list[Source]): The videos.
            batch_size (int, optional): Windows in a batch. Defaults to 1.
            window (float, optional): Their length in seconds. Defaults to None: the whole video.
            stride (float, optional): Seconds between their starts. Defaults to None: ``window``.
            fps (float, optional): Frames per second of arrays. Defaults to 30.

        Yields:
            list[_Window]: Windows with their clip, or with an error.
        """
        windows = (
            item
            for position, source in enumerate(inputs)
            for item in self._windows(position, source, window, stride or window, fps)
        )
        yield from self._get_chunk_data(windows, batch_size)

    def _windows(
        self, position: int, source: Source, window: float | None, stride: float | None, fps: float
    ) -> Iterator[_Window]:
        try:
            frames = open_frames(source, fps)
            duration = frames.duration
            length = duration if window is None else min(window, duration)
            for start in window_starts(duration, length, stride or length):
                end = min(start + length, duration)
                first, stop = frames_between(frames.times, start, end)
                clip = self.pipeline(frames, first, stop, len(frames.times) / duration)
                yield _Window(position, start, end, clip)
        except UnreadableVideoError as error:
            yield _Window(position, error=str(error))

    @torch.no_grad()
    def forward(
        self, inputs: list[_Window], top_k: int = 5, attention: bool = False
    ) -> list[_Window]:
        """Score a batch of windows.

        Args:
            inputs (list[_Window]): Windows of :meth:`preprocess`.
            top_k (int, optional): Labels whose attention to keep. Defaults to 5.
            attention (bool, optional): Whether to keep it. Defaults to False.

        Returns:
            list[_Window]: The same with scores, and without the frames.
        """
        good = [item for item in inputs if item.clip is not None]
        if not good:
            return inputs
        data = self.collate_fn([item.clip.packed for item in good])
        data = self.model.data_preprocessor(data, False)
        logits, weights = self.model.explain(data['inputs'])
        if self.model.average_clips == 'prob':
            scores = logits.softmax(-1).mean(1)
        else:
            scores = logits.mean(1).softmax(-1)
        order = scores.argsort(dim=-1, descending=True, stable=True)[:, :top_k]
        done = iter(
            _answer(*row, attention)
            for row in zip(good, scores.cpu(), order.cpu(), weights.cpu(), strict=True)
        )
        return [item if item.clip is None else next(done) for item in inputs]

    def visualize(self, inputs: list, preds: list, show: bool = False) -> None:
        """Draw nothing: the package ``mgdm_mmaction.visualization`` draws predictions."""

    def postprocess(
        self,
        preds: list[_Window],
        visualization: None = None,
        return_datasamples: bool = False,
        sources: Sequence[Source] = (),
        out: str | PathLike | None = None,
    ) -> Predictions | list[ActionDataSample]:
        """Gather the windows of each video and write the result.

        Args:
            preds (list[_Window]): Scored windows in the order of the inputs.
            visualization (None, optional): Not used. Defaults to None.
            return_datasamples (bool, optional): See :meth:`__call__`. Defaults to False.
            sources (Sequence[Source]): The videos.
            out (str | PathLike, optional): File to write. Defaults to None.
        """
        groups: list[list[_Window]] = [[] for _ in sources]
        for item in preds:
            groups[item.source].append(item)
        labels = self.labels
        results = Predictions(
            [
                _video(source.name, group, labels)
                for source, group in zip(sources, groups, strict=True)
            ]
        )
        if out is not None:
            results.to_json(out) if str(out).lower().endswith('.json') else results.to_csv(out)
        return [_data_sample(group) for group in groups] if return_datasamples else results

    def _init_model(self, cfg: Config, weights: str | None, device: str = 'cpu') -> MGDM:
        """Put the recogniser on its device."""
        try:
            return self._loaded.to(device)
        except (AssertionError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise MGDMError(f'device={device!r} cannot be used: {reason}') from None

    def _init_pipeline(self, cfg: Config) -> WindowPipeline:
        """Take the steps of the config's test pipeline."""
        return WindowPipeline(test_pipeline(cfg))

    def _init_collate(self, cfg: Config):
        """Collate as MMAction2's test data loaders do."""
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> None:
        """Make none: see :meth:`visualize`."""

    def _inputs_to_list(self, inputs: object) -> list[Source]:
        """Turn paths, folders and arrays into a flat list of videos."""
        return list_sources(inputs)


def _answer(item: _Window, scores, order, weights, attention: bool) -> _Window:
    """Put what the model said of a window [C], [K], [views, T, C] into it."""
    times = item.clip.times
    kept = None
    if attention:
        # [views, T, C], views crop by crop, -> [crops, clips * T, C]; a clip has its share of 1.
        weights = weights.reshape(-1, len(times), weights.shape[-1]).mean(0)
        kept = (weights / weights.sum(0)).t()[order].numpy()
    # Several clips of a video take turns in time.
    rank = np.argsort(times, kind='stable')
    return item._replace(
        clip=None,
        scores=scores.numpy(),
        best=order.numpy(),
        times=times[rank],
        attention=None if kept is None else kept[:, rank],
    )


def _video(name: str, windows: list[_Window], labels: list[str]) -> VideoPrediction:
    """The answer for a video."""
    errors = [item.error for item in windows if item.error is not None]
    if errors:
        return VideoPrediction(name, error=' '.join(errors[0].split()))
    mean = np.mean([item.scores for item in windows], axis=0)
    best = np.argsort(-mean, kind='stable')[: len(windows[0].best)]
    return VideoPrediction(
        name,
        [labels[i] for i in best],
        mean[best].tolist(),
        [
            WindowPrediction(
                float(item.start),
                float(item.end),
                [labels[i] for i in item.best],
                item.scores[item.best].tolist(),
                item.times.tolist(),
                item.attention,
            )
            for item in windows
        ],
    )


def _data_sample(windows: list[_Window]) -> ActionDataSample:
    errors = [item.error for item in windows if item.error is not None]
    if errors:
        return ActionDataSample(metainfo=dict(error=errors[0]))
    score = torch.as_tensor(np.mean([item.scores for item in windows], axis=0))
    return ActionDataSample().set_pred_score(score).set_pred_label(int(score.argmax()))


def _check_out(out: str | PathLike | None) -> None:
    if out is not None and not str(out).lower().endswith(('.json', '.csv')):
        raise MGDMError(f'out={str(out)!r}: the name should end in .json or .csv')
