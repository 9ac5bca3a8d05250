"""Open and decode videos in a pipeline: the frames that FFmpeg presents."""

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...errors import MGDMError
from ...video import FileVideo

__all__ = ['VideoDecode', 'VideoInit']

_BACKENDS = ('pyav', 'decord', 'torchcodec', 'auto')


class _Reader(Protocol):
    def read(self, indices: Sequence[int]) -> Sequence[np.ndarray]: ...

    def close(self) -> None: ...


@TRANSFORMS.register_module()
class VideoInit(BaseTransform):
    """Open a video for :class:`VideoDecode`; between them, a sampler chooses frames.

    Whatever the backend, frame ``i`` is the ``i``-th that FFmpeg presents: edit lists, B-frames, a
    variable rate and rotation count. PyAV reads every file; the others take the frames of some
    files for others, so that they read only those in which every packet of an mp4 is shown. One
    thread decodes, as data loaders have a process a core.

    Required keys:

        - filename

    Added keys:

        - video_reader
        - total_frames (int)
        - avg_fps (float)

    Args:
        backend (str, optional): 'pyav'; 'decord' or 'torchcodec', which refuse other files, as
            broken ones are; or 'auto': decord where it is right, else PyAV. Defaults to 'pyav'.

    Raises:
        MGDMError: If the backend is unknown or not installed.

    Example:
        >>> pipeline = [
        ...     dict(type='VideoInit'),
        ...     dict(type='UniformSample', clip_len=16),
        ...     dict(type='VideoDecode'),
        ... ]
    """

    def __init__(self, backend: str = 'pyav') -> None:
        if backend not in _BACKENDS:
            raise MGDMError(f'VideoInit: backend={backend!r}; expected one of {_BACKENDS}.')
        self.backend = backend

    def transform(self, results: dict) -> dict:
        """Open the video of ``filename``."""
        path = results['filename']
        if not os.path.splitext(path)[1]:
            path += '.mp4'  # as DecordInit has it
        reader: _Reader = FileVideo(path, num_threads=1)
        results['total_frames'] = len(reader.times)
        results['avg_fps'] = len(reader.times) / reader.duration
        backend = self.backend
        if not reader.is_plain and backend != 'pyav':
            if backend != 'auto':
                raise ValueError(
                    f"{backend} may give frames of other moments of this file; use backend='auto'"
                )
            backend = 'pyav'
        if backend != 'pyav':
            reader.close()
            reader = (_TorchcodecReader if backend == 'torchcodec' else _DecordReader)(path)
        results['video_reader'] = reader
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(backend={self.backend!r})'


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


class _DecordReader:
    def __init__(self, path: str) -> None:
        try:
            import decord
        except ImportError:
            raise MGDMError(
                "VideoInit: backend='decord' is not installed: pip install decord, or use 'pyav'."
            ) from None
        self._video = decord.VideoReader(path, num_threads=1)

    def read(self, indices: Sequence[int]) -> Sequence[np.ndarray]:
        return self._video.get_batch(indices).asnumpy()

    def close(self) -> None:
        """Leave it to the garbage collector."""


class _TorchcodecReader:
    def __init__(self, path: str) -> None:
        try:
            from torchcodec.decoders import VideoDecoder
        except (ImportError, RuntimeError, OSError):  # without FFmpeg's libraries
            raise MGDMError(
                "VideoInit: backend='torchcodec' cannot be imported: pip install torchcodec, with "
                "the version for your torch, and FFmpeg's libraries; or use 'pyav'."
            ) from None
        self._video = VideoDecoder(path, dimension_order='NHWC', num_ffmpeg_threads=1)

    def read(self, indices: Sequence[int]) -> Sequence[np.ndarray]:
        return self._video.get_frames_at(indices).data.numpy()

    def close(self) -> None:
        """Leave it to the garbage collector."""
