"""The test pipeline of a config, for a stretch of any video."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from mmaction.registry import TRANSFORMS

from ..config import step_list, type_name
from ..errors import MGDMError, explain_config
from ..video import UnreadableVideoError, Video

__all__ = ['Clip', 'WindowPipeline']

# These see one frame at a time, and the same in every frame: done before the next one is decoded,
# they keep a clip in 4K from lying in memory as a whole.
_BY_FRAME = ('Resize', 'CenterCrop')

# Resizing the short side of a narrower frame would make gigabytes of it.
_NARROW = 50


class Clip(NamedTuple):
    """What the model gets of a window.

    Args:
        packed (dict): ``inputs`` uint8 [views x T, 3, H, W] and ``data_samples``.
        times (np.ndarray): When each frame of the clips of a crop is shown, in seconds,
            [clips x T].
        box (tuple[float, ...]): What the model sees of a frame: left, top, width and height, as
            parts of it. With several crops it means nothing. Defaults to all of it.
    """

    packed: dict
    times: np.ndarray
    box: tuple[float, ...] = (0.0, 0.0, 1.0, 1.0)


class WindowPipeline:
    """Sample, decode and shape the frames of a window as a config does for testing.

    Its samplers choose among the frames of the window as if these were the whole video, so a
    window over everything sees exactly what ``tools/test.py`` sees. Its own opening and decoding
    steps, ``SkipUnreadable`` with its blank clips and ``AttachHardNegatives`` have no part in it.

    Args:
        transforms (Sequence[Mapping]): A test pipeline, as configs write it.

    Raises:
        MGDMError: If no step of it samples frames or none decodes them.
    """

    def __init__(self, transforms: Sequence[Mapping]) -> None:
        steps = step_list(transforms)
        names = [type_name(step) for step in steps]
        decoders = [i for i, name in enumerate(names) if name.endswith('Decode')]
        if not decoders:
            raise MGDMError(
                'the test pipeline has no step whose name ends with Decode, such as DecordDecode; '
                'it should open, sample, decode and shape the frames of a video'
            )
        before = [
            step
            for step, name in zip(steps[: decoders[0]], names[: decoders[0]], strict=True)
            if not name.endswith('Init')
        ]
        after = steps[decoders[-1] + 1 :]
        by_frame = 0
        while by_frame < len(after) and type_name(after[by_frame]) in _BY_FRAME:
            by_frame += 1
        self._sample = _build(before)
        self._by_frame = _build(after[:by_frame])
        self._shape = _build(after[by_frame:])
        if not any(hasattr(step, 'clip_len') for step in self._sample):
            raise MGDMError(
                'the test pipeline has no step with a `clip_len` before it decodes, such as '
                'UniformSample: it does not say which frames to take'
            )
        for step in self._sample:
            # MMAction2's samplers draw frames at random by default.
            if hasattr(step, 'test_mode'):
                step.test_mode = True

    def __call__(self, frames: Video, first: int, stop: int, rate: float) -> Clip:
        """Return what the model gets of the frames ``first`` to ``stop - 1``.

        Args:
            frames (Video): An opened video.
            first (int): First frame of the window.
            stop (int): The frame after the last one.
            rate (float): Average frames per second.

        Returns:
            Clip: For MMEngine's collate function, and the times of its frames.

        Raises:
            UnreadableVideoError: If a frame cannot be decoded.
        """
        # Torch modalities and labels: what the data set would put there.
        results = dict(
            modality='RGB', start_index=0, total_frames=stop - first, avg_fps=rate, label=-1
        )
        for step in self._sample:
            results = step(results)
        chosen = np.clip(np.reshape(results['frame_inds'], -1), 0, stop - first - 1) + first
        results['frame_inds'] = chosen
        # A short video shows a frame several times; in rising order, decoding never goes back.
        unique = np.unique(chosen).tolist()
        images = zip(unique, frames.read_each(unique), strict=True)
        done = {index: self._one_frame(image) for index, image in images}
        last = done[int(chosen[-1])]
        results.update({key: value for key, value in last.items() if key != 'imgs'})
        results['imgs'] = [done[int(i)]['imgs'][0] for i in chosen]
        box = results.get('crop_quadruple', (0, 0, 1, 1))
        for step in self._shape:
            results = step(results)
            box = results.get('crop_quadruple', box)
        return Clip(results, frames.times[chosen], tuple(float(part) for part in box))

    def _one_frame(self, image: np.ndarray) -> dict:
        height, width = image.shape[:2]
        if max(height, width) > _NARROW * min(height, width):
            raise UnreadableVideoError(
                f'frames of {width} x {height} pixels are too narrow to recognise anything'
            )
        results = dict(imgs=[image], img_shape=image.shape[:2], original_shape=image.shape[:2])
        for step in self._by_frame:
            results = step(results)
        # A crop is a view that would keep the whole frame.
        results['imgs'] = [np.ascontiguousarray(results['imgs'][0])]
        return results


def _build(steps: Sequence[Mapping]) -> list:
    with explain_config():
        return [TRANSFORMS.build(step) for step in steps]
