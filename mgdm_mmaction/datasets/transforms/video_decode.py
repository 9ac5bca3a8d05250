"""Open and decode videos in a pipeline: the frames that FFmpeg presents."""

import os

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...video import FileVideo

__all__ = ['VideoDecode', 'VideoInit']


@TRANSFORMS.register_module()
class VideoInit(BaseTransform):
    """Open a video for :class:`VideoDecode`; between them, a sampler chooses frames.

    Frame ``i`` is the ``i``-th that FFmpeg presents: edit lists, B-frames, a variable rate and
    rotation count. One thread decodes, as data loaders have a process a core.

    Required keys:

        - filename

    Added keys:

        - video_reader
        - total_frames (int)
        - avg_fps (float)

    Example:
        >>> pipeline = [
        ...     dict(type='VideoInit'),
        ...     dict(type='UniformSample', clip_len=16),
        ...     dict(type='VideoDecode'),
        ... ]
    """

    def transform(self, results: dict) -> dict:
        """Open the video of ``filename``."""
        path = results['filename']
        if not os.path.splitext(path)[1]:
            path += '.mp4'  # as DecordInit has it
        reader = FileVideo(path, num_threads=1)
        results['total_frames'] = len(reader.times)
        results['avg_fps'] = len(reader.times) / reader.duration
        results['video_reader'] = reader
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'


@TRANSFORMS.register_module()
class VideoDecode(BaseTransform):
    """Decode the frames that a sampler chose of a video that :class:`VideoInit` opened.

    Required keys:

        - video_reader
        - frame_inds (np.ndarray)

    Added keys:

        - imgs (list[np.ndarray]): uint8 RGB [H, W, 3]
        - original_shape (tuple[int, int])
        - img_shape (tuple[int, int])
    """

    def transform(self, results: dict) -> dict:
        """Decode the frames ``frame_inds``."""
        reader = results['video_reader']
        results['frame_inds'] = np.reshape(results['frame_inds'], -1)
        results['imgs'] = list(reader.read(results['frame_inds'].tolist()))
        results['original_shape'] = results['img_shape'] = results['imgs'][0].shape[:2]
        results['video_reader'] = None
        reader.close()
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'
