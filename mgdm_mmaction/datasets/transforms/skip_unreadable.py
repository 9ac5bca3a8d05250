"""A policy for videos that cannot be decoded."""

import logging
from collections.abc import Sequence

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log

from ...errors import MGDMError
from ...negatives import video_path
from .unreadable_log import UnreadableLog

__all__ = ['NOT_THE_VIDEO', 'SkipUnreadable', 'describe_error', 'run_transforms']

# Faults of the program or the config: these must be seen, not counted as a broken video.
NOT_THE_VIDEO = (
    MGDMError,
    ImportError,
    MemoryError,
    NotImplementedError,
    KeyError,
    TypeError,
    NameError,
)


@TRANSFORMS.register_module()
class SkipUnreadable(BaseTransform):
    """Run the decoding transforms of a pipeline and survive videos they cannot read.

    A video is unreadable when a transform inside fails on it (no such file, no video, cut off) or
    when it has no frames. A video with fewer frames than are sampled is none: ``UniformSample``
    repeats frames. The first time, each one is logged as a warning with its reason.

    Training: the result is None, so that the data set fetches another video in its place.
    Testing: every video needs a score, so the clip is blank (black), ``unreadable=True`` is set in
    the results, and the video counts in every metric, almost always as an error. Name
    ``'unreadable'`` in ``meta_keys`` of ``PackActionInputs`` to carry the flag to the data sample,
    where a metric or a dump can tell these videos apart.

    In both cases the bad videos of all workers are counted. When there are more than
    ``max_fraction`` explains (see :meth:`UnreadableLog.allowed`), an error lists them.

    Added keys:

        - unreadable (bool)
        - the keys that the transforms add

    Args:
        transforms (Sequence[dict]): Decoding transforms: opening, sampling, decoding.
        max_fraction (float, optional): Fraction of unreadable videos to live with. Defaults to
            0.01.
        test_mode (bool, optional): Blank clips instead of other videos. Set it in the pipelines of
            validation and testing. Defaults to False.
        blank_size (tuple[int, int], optional): Height and width of a blank clip before resizing.
            Defaults to (256, 256).

    Raises:
        MGDMError: If too many videos are unreadable, or no transform inside samples frames.

    Example:
        >>> pipeline = [
        ...     dict(type='SkipUnreadable', transforms=[
        ...         dict(type='DecordInit'),
        ...         dict(type='UniformSample', clip_len=16),
        ...         dict(type='DecordDecode'),
        ...     ]),
        ...     dict(type='Resize', scale=(-1, 256)),
        ... ]
    """

    def __init__(
        self,
        transforms: Sequence[dict],
        max_fraction: float = 0.01,
        test_mode: bool = False,
        blank_size: tuple[int, int] = (256, 256),
    ) -> None:
        if not 0 <= max_fraction <= 1:
            raise MGDMError(f'SkipUnreadable: max_fraction={max_fraction}; expected 0 to 1.')
        self.transforms = [
            TRANSFORMS.build(item) if isinstance(item, dict) else item for item in transforms
        ]
        self.max_fraction = max_fraction
        self.test_mode = test_mode
        self.blank_size = tuple(blank_size)
        self._samplers = [item for item in self.transforms if hasattr(item, 'clip_len')]
        if not self._samplers:
            raise MGDMError(
                'SkipUnreadable: none of its transforms samples frames; put the opening, sampling '
                'and decoding transforms inside, such as DecordInit, UniformSample, DecordDecode.'
            )
        self.log = UnreadableLog(max_fraction)

    def transform(self, results: dict) -> dict | None:
        """Return the decoded results; None or a blank clip for an unreadable video."""
        self.log.add_try()
        # A transform that fails half way leaves its traces: start again from a copy for a blank.
        before = dict(results)
        try:
            results = run_transforms(self.transforms, results)
        except NOT_THE_VIDEO:
            raise
        except Exception as error:
            path, reason = video_path(before), describe_error(error)
            if self.log.add_bad(path, reason):
                done = 'scored on a blank clip' if self.test_mode else 'another video is taken'
                print_log(f'unreadable video {path}: {reason} ({done})', 'current', logging.WARNING)
            return self._blank(before) if self.test_mode else None
        self.log.add_good()
        if results is not None:
            results['unreadable'] = False
        return results

    def _blank(self, results: dict) -> dict:
        """Return a black clip of as many frames as the samplers ask for."""
        results.setdefault('start_index', 0)
        results.update(total_frames=10_000, avg_fps=30.0, video_reader=None)
        for sampler in self._samplers:
            results = sampler(results)
        frames = len(np.reshape(results['frame_inds'], -1))
        results.update(
            imgs=[np.zeros((*self.blank_size, 3), dtype=np.uint8) for _ in range(frames)],
            original_shape=self.blank_size,
            img_shape=self.blank_size,
            unreadable=True,
        )
        return results

    def __repr__(self) -> str:
        inside = ', '.join(repr(item) for item in self.transforms)
        return (
            f'{type(self).__name__}(transforms=[{inside}], max_fraction={self.max_fraction}, '
            f'test_mode={self.test_mode})'
        )


def run_transforms(transforms: Sequence, results: dict) -> dict | None:
    """Run decoding transforms one after the other, and stop at a video without frames.

    Args:
        transforms (Sequence): Built transforms.
        results (dict): Data info of a sample.

    Raises:
        ValueError: If the video has no frames, or an image file of it holds no image.
    """
    for item in transforms:
        # Known from the list for raw frames, from the opened file for videos.
        if results.get('total_frames', 1) < 1:
            raise ValueError('the video has no frames')
        results = item(results)
        if results is None:
            return None
    # An image file that is cut off decodes to None without an error.
    if any(image is None for image in results.get('imgs', ())):
        raise ValueError('an image file of the video is broken')
    return results


def describe_error(error: Exception) -> str:
    """Return an error as one short line: decord's own messages hold a stack trace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else ''
    return f'{type(error).__name__}: {text[:200]}' if text else type(error).__name__
