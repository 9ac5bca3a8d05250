"""Recognise the actions of any video."""

from collections.abc import Iterator, Sequence
from os import PathLike

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

from ..config import ParsedConfig
from ..errors import MGDMError
from ..models import CLIPRecognizer
from ..text.corpus import read_labels
from ..video import Source, UnreadableVideoError, open_video
from .inputs import list_sources
from .loading import choose_labels, load_recognizer
from .predictions import Predictions
from .window_pipeline import WindowPipeline
from .window_scores import Window, add_answer, data_sample, video_prediction
from .windows import check_window, frames_between, window_starts

__all__ = ['MGDMInferencer']


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
        if labels is not None:
            labels = read_labels(labels)
        self._loaded, cfg = load_recognizer(model, weights, labels, pretrained)
        super().__init__(cfg.config, device=device, scope=scope, show_progress=show_progress)
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
            windows: list[Window] = []
            bar = Progress(console=Console(stderr=True), disable=not self.show_progress)
            with bar:
                task = bar.add_task('Inference', total=len(sources))
                for batch in self.preprocess(sources, batch_size, window, stride, fps):
                    windows += self.forward(batch, top_k, attention)
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
        return list(self.model.text_bank.corpus.classes)

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
    ) -> Iterator[list[Window]]:
        """Open the videos one after the other and yield batches of their windows.

        No more than one video is open, and no more than one batch of clips in memory.

        Args:
            inputs (list[Source]): The videos.
            batch_size (int, optional): Windows in a batch. Defaults to 1.
            window (float, optional): Their length in seconds. Defaults to None: the whole video.
            stride (float, optional): Seconds between their starts. Defaults to None: ``window``.
            fps (float, optional): Frames per second of arrays. Defaults to 30.

        Yields:
            list[Window]: Windows with their clip, or with an error.
        """
        windows = (
            item
            for position, source in enumerate(inputs)
            for item in self._windows(position, source, window, stride or window, fps)
        )
        yield from self._get_chunk_data(windows, batch_size)

    def _windows(
        self, position: int, source: Source, window: float | None, stride: float | None, fps: float
    ) -> Iterator[Window]:
        try:
            frames = open_video(source, fps)
            duration = frames.duration
            length = duration if window is None else min(window, duration)
            for start in window_starts(duration, length, stride or length):
                end = min(start + length, duration)
                first, stop = frames_between(frames.times, start, end)
                clip = self.pipeline(frames, first, stop, len(frames.times) / duration)
                yield Window(position, start, end, clip)
        except UnreadableVideoError as error:
            yield Window(position, error=str(error))

    @torch.no_grad()
    def forward(
        self, inputs: list[Window], top_k: int = 5, attention: bool = False
    ) -> list[Window]:
        """Score a batch of windows.

        Args:
            inputs (list[Window]): Windows of :meth:`preprocess`.
            top_k (int, optional): Labels whose attention to keep. Defaults to 5.
            attention (bool, optional): Whether to keep it. Defaults to False.

        Returns:
            list[Window]: The same with scores, and without the frames.
        """
        good = [item for item in inputs if item.clip is not None]
        if not good:
            return inputs
        data = self.collate_fn([item.clip.packed for item in good])
        data = self.model.data_preprocessor(data, False)
        # Explaining may cost more than the scores alone.
        explain = self.model.explain if attention else self.model.extract_feat
        logits, explained = explain(data['inputs'])
        weights = [
            {name: w._replace(values=w.values[n].cpu()) for name, w in explained.items()}
            for n in range(len(good))
        ]
        scores = self.model.average(logits)
        if self.model.average_clips == 'score':
            scores = scores.softmax(-1)
        order = scores.argsort(dim=-1, descending=True, stable=True)[:, :top_k]
        done = iter(
            add_answer(*row, attention)
            for row in zip(good, scores.cpu(), order.cpu(), weights, strict=True)
        )
        return [item if item.clip is None else next(done) for item in inputs]

    def visualize(self, inputs: list, preds: list, show: bool = False) -> None:
        """Draw nothing: the package ``mgdm_mmaction.visualization`` draws predictions."""

    def postprocess(
        self,
        preds: list[Window],
        visualization: None = None,
        return_datasamples: bool = False,
        sources: Sequence[Source] = (),
        out: str | PathLike | None = None,
    ) -> Predictions | list[ActionDataSample]:
        """Gather the windows of each video and write the result.

        Args:
            preds (list[Window]): Scored windows in the order of the inputs.
            visualization (None, optional): Not used. Defaults to None.
            return_datasamples (bool, optional): See :meth:`__call__`. Defaults to False.
            sources (Sequence[Source]): The videos.
            out (str | PathLike, optional): File to write. Defaults to None.
        """
        groups: list[list[Window]] = [[] for _ in sources]
        for item in preds:
            groups[item.source].append(item)
        labels = self.labels
        results = Predictions(
            [
                video_prediction(source.name, group, labels)
                for source, group in zip(sources, groups, strict=True)
            ]
        )
        if out is not None:
            results.to_json(out) if str(out).lower().endswith('.json') else results.to_csv(out)
        return [data_sample(group) for group in groups] if return_datasamples else results

    def _init_model(self, cfg: Config, weights: str | None, device: str = 'cpu') -> CLIPRecognizer:
        """Put the recogniser on its device."""
        try:
            return self._loaded.to(device)
        except (AssertionError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise MGDMError(f'device={device!r} cannot be used: {reason}') from None

    def _init_pipeline(self, cfg: Config) -> WindowPipeline:
        """Take the steps of the config's test pipeline."""
        return WindowPipeline(ParsedConfig(cfg).test_pipeline)

    def _init_collate(self, cfg: Config):
        """Collate as MMAction2's test data loaders do."""
        return pseudo_collate

    def _init_visualizer(self, cfg: Config) -> None:
        """Make none: see :meth:`visualize`."""

    def _inputs_to_list(self, inputs: object) -> list[Source]:
        """Turn paths, folders and arrays into a flat list of videos."""
        return list_sources(inputs)


def _check_out(out: str | PathLike | None) -> None:
    if out is not None and not str(out).lower().endswith(('.json', '.csv')):
        raise MGDMError(f'out={str(out)!r}: the name should end in .json or .csv')
