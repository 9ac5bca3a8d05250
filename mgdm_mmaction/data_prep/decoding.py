"""Decoding a whole clip with the transforms that training decodes it with."""

import copy
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from mmaction.registry import TRANSFORMS

from ..compat.cut_off_avi import lacking_bytes
from ..datasets.streams import is_stream
from ..datasets.transforms.skip_unreadable import NOT_THE_VIDEO, describe_error, run_transforms
from ..errors import MGDMError
from ..negatives import video_path

__all__ = ['NO_FILE', 'ClipCheck', 'ClipDecoder', 'decoding_transforms']

# Why a clip that is not there is broken.
NO_FILE = 'no such file'

# Where in decord's source an error came from, and when.
_SOURCE = re.compile(r'\[\d\d:\d\d:\d\d\] \S+:\d+: ')

# Frames that are in memory at a time.
_CHUNK = 32


@dataclass(frozen=True)
class ClipCheck:
    """What came of decoding a clip.

    Args:
        path (str): Where it lies.
        frames (int): Frames it has, as far as known.
        reason (str): Why it is broken; empty if it is not.
        stream (bool): Whether decord would give other frames of it than it is asked for, see
            :func:`~mgdm_mmaction.datasets.streams.is_stream`.
    """

    path: str
    frames: int
    reason: str = ''
    stream: bool = False


def decoding_transforms(pipeline: Sequence[Mapping]) -> list[dict]:
    """Return the transforms of a pipeline that open and decode, without those that sample.

    Args:
        pipeline (Sequence[Mapping]): Pipeline of a config, with ``SkipUnreadable`` or without.

    Raises:
        MGDMError: If no transform of it decodes.
    """
    found = []
    for item in _flatten(pipeline):
        kind = TRANSFORMS.get(item['type']) if isinstance(item['type'], str) else item['type']
        name = getattr(kind, '__name__', str(item['type']))
        if name.endswith(('Init', 'Decode')):
            found.append(copy.deepcopy(dict(item)))
        if name.endswith('Decode'):
            return found
    raise MGDMError(
        'the pipeline has no transform whose name ends with Decode, such as DecordDecode or '
        'RawFrameDecode: there is nothing to check videos with.'
    )


def _flatten(pipeline: Sequence[Mapping]) -> list[Mapping]:
    return [
        part
        for item in pipeline
        for part in (_flatten(item['transforms']) if 'transforms' in item else [item])
    ]


class ClipDecoder:
    """Decode every frame of a clip, or three of them.

    Args:
        transforms (Sequence[dict]): Opening and decoding transforms, the decoding one last.
        quick (bool, optional): Only the first, the middle and the last frame. Defaults to False.
    """

    def __init__(self, transforms: Sequence[dict], quick: bool = False) -> None:
        *opening, self._decode = [TRANSFORMS.build(copy.deepcopy(item)) for item in transforms]
        self._open = opening
        self._by_decord = type(self._decode).__name__ == 'DecordDecode'
        self._quick = quick

    def __call__(self, info: dict) -> ClipCheck:
        """Decode the clip of a data info and say what is wrong with it, if anything."""
        path = str(info.get('filename', info.get('frame_dir', video_path(info))))
        frames = int(info.get('total_frames', 0))
        if '://' not in path:
            if not os.path.exists(path):
                return ClipCheck(path, frames, NO_FILE)
            if os.path.isfile(path) and not os.path.getsize(path):
                return ClipCheck(path, frames, 'an empty file (0 bytes)')
            # Decoded without an error, it would merely be shorter than it was.
            lacking = lacking_bytes(path) if os.path.isfile(path) else 0
            if lacking:
                return ClipCheck(path, frames, f'cut off: its header promises {lacking} more bytes')
        where = ''
        try:
            results = run_transforms(self._open, dict(info))
            frames = int(results['total_frames'])
            indices = np.arange(frames)
            if self._quick:
                indices = np.unique([0, frames // 2, max(frames - 1, 0)])
            # Raw frames one by one, so that the broken one can be named.
            size = 1 if 'frame_dir' in info else _CHUNK
            for start in range(0, max(len(indices), 1), size):
                part = indices[start : start + size] + results.get('start_index', 0)
                where = f'frame {part[0]}: ' if size == 1 else ''
                # DecordDecode takes the reader out of the results that it is given.
                run_transforms([self._decode], {**results, 'frame_inds': part})
        except NOT_THE_VIDEO:
            raise
        except Exception as error:
            return ClipCheck(path, frames, where + _SOURCE.sub('', describe_error(error)))
        stream = self._by_decord and os.path.isfile(path) and is_stream(path)
        return ClipCheck(path, frames, stream=stream)
