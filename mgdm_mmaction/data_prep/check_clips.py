"""Decoding every clip of annotation lists, to find the broken ones before a training does."""

import copy
import functools
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from mmaction.registry import DATASETS, TRANSFORMS
from mmaction.utils import register_all_modules
from mmengine.logging import MMLogger

from ..compat.annotation_lists import list_lines, read_list
from ..compat.cut_off_avi import lacking_bytes
from ..config import steps
from ..datasets.annotations import check_dataset
from ..datasets.transforms.skip_unreadable import NOT_THE_VIDEO, describe_error, run_transforms
from ..errors import MGDMError
from ..mining.progress import Progress
from ..negatives import video_path
from ..video import FileVideo, UnreadableVideoError
from .worker_pool import WorkerLost, run_guarded

__all__ = ['NO_FILE', 'CheckedList', 'ClipCheck', 'check_clips']

# Why a clip that is not there is broken.
NO_FILE = 'no such file'

# Where in decord's source an error came from, and when.
_SOURCE = re.compile(r'\[\d\d:\d\d:\d\d\] \S+:\d+: ')

# Frames that are in memory at a time.
_CHUNK = 32

# Frames are compared as pictures of this size, which levels out how decoders round colours.
_SMALL = (16, 16)


@dataclass(frozen=True)
class ClipCheck:
    """What came of decoding a clip."""

    frames: int  # as far as known
    reason: str = ''  # why it is broken; empty if it is not


@dataclass
class CheckedList:
    """An annotation list, its clips as it names them, their lines, and what came of them."""

    ann_file: str
    digest: str
    names: list[str]
    line_numbers: list[int]
    clips: list[ClipCheck] = field(default_factory=list)
    labelled: list[tuple[str, int]] = field(default_factory=list)  # whole paths, and labels

    def clean_text(self) -> str:
        """Return the text of the list without its broken clips, other lines as they are."""
        lines = list_lines(read_list(self.ann_file))
        left = [line for (_, line), clip in zip(lines, self.clips, strict=True) if not clip.reason]
        if not left:
            raise MGDMError(
                f'{self.ann_file}: all {len(self.clips)} clips are broken ({self.names[0]}: '
                f'{self.clips[0].reason}). Is --root the folder that the paths begin in?'
            )
        return '\n'.join(left) + '\n'


def check_clips(
    datasets: Sequence[Mapping],
    quick: bool = False,
    num_workers: int = 2,
    timeout: float | None = 300,
    classes: Sequence[str] | None = None,
) -> list[CheckedList]:
    """Decode every clip of data sets in worker processes, and show the progress.

    A clip is broken where training would call it unreadable (see
    :class:`~mgdm_mmaction.datasets.transforms.SkipUnreadable`): the same transforms open and decode
    it, and the same faults count. So is one whose frames are not those that FFmpeg presents, and
    one that ends its worker process.

    Args:
        datasets (Sequence[Mapping]): Configs of plain data sets with their pipelines; a list that
            comes twice is checked once.
        quick (bool, optional): Decode the first, middle and last frame only. Defaults to False.
        num_workers (int, optional): Processes. Defaults to 2.
        timeout (float, optional): Seconds for a clip. Defaults to 300.
        classes (Sequence[str], optional): Class names in label order, to check labels against.
            Defaults to None: not checked.

    Raises:
        MGDMError: If a list is missing or a line has another form.
    """
    register_all_modules(init_default_scope=True)
    configs: dict[tuple, Mapping] = {}
    for config in datasets:
        place = (config.get('ann_file'), config.get('data_root'), config.get('data_prefix'))
        configs.setdefault(tuple(map(str, place)), config)
    checked: list[tuple[CheckedList, list[str]]] = []
    # Clips that several lists name are decoded once.
    jobs: dict[str, tuple[ClipDecoder, dict]] = {}
    for config in configs.values():
        summary = next(iter(check_dataset(config, classes and len(classes), classes)), None)
        if summary is None:
            raise MGDMError(
                f'{config.get("type")}: only VideoDataset and RawframeDataset with one label a '
                'clip can be checked.'
            )
        decoder = ClipDecoder(config['pipeline'], quick)
        dataset = DATASETS.build({**config, 'pipeline': []})
        infos = [dataset.get_data_info(row) for row in range(len(dataset))]
        prefix = dataset.data_prefix.get('video', dataset.data_prefix.get('img'))
        names = [video_path(info, prefix) for info in infos]
        keys = [video_path(info) for info in infos]
        for key, info in zip(keys, infos, strict=True):
            jobs.setdefault(key, (decoder, info))
        entry = CheckedList(summary.ann_file, summary.digest, names, summary.line_numbers)
        entry.labelled = [(key, info['label']) for key, info in zip(keys, infos, strict=True)]
        checked.append((entry, keys))
    order, results = list(jobs), {}
    shown = Progress(len(order), 'clips')
    work = functools.partial(_decode, list(jobs.values()))
    for index, result in run_guarded(work, len(order), num_workers, timeout):
        lost = isinstance(result, WorkerLost)
        results[order[index]] = ClipCheck(0, result.reason) if lost else result
        shown.advance(1)
    for entry, keys in checked:
        entry.clips = [results[key] for key in keys]
    return [entry for entry, _ in checked]


def _decode(jobs: list[tuple['ClipDecoder', dict]], index: int) -> ClipCheck:
    # This is a worker's own logger. MMEngine says in each that its FileClient is deprecated.
    MMLogger.get_current_instance().setLevel('ERROR')
    decoder, info = jobs[index]
    return decoder(info)


class ClipDecoder:
    """Decode every frame of a clip with the transforms of a pipeline that open and decode it."""

    def __init__(self, pipeline: Sequence[Mapping], quick: bool = False) -> None:
        self._open, self._quick = [], quick
        for item in steps(pipeline):
            kind = TRANSFORMS.get(item['type']) if isinstance(item['type'], str) else item['type']
            name = getattr(kind, '__name__', str(item['type']))
            if name.endswith('Init'):
                self._open.append(TRANSFORMS.build(copy.deepcopy(dict(item))))
            if name.endswith('Decode'):
                self._decode = TRANSFORMS.build(copy.deepcopy(dict(item)))
                return
        raise MGDMError(
            'the pipeline has no transform whose name ends with Decode, such as VideoDecode or '
            'RawFrameDecode: there is nothing to check videos with.'
        )

    def __call__(self, info: dict) -> ClipCheck:
        """Decode the clip of a data info, and find out what is wrong with it."""
        path = str(info.get('filename', info.get('frame_dir')))
        frames = int(info.get('total_frames', 0))
        is_file = os.path.isfile(path)
        if '://' not in path and not os.path.exists(path):
            return ClipCheck(frames, NO_FILE)
        if is_file and not os.path.getsize(path):
            return ClipCheck(frames, 'an empty file (0 bytes)')
        # Decoded without an error, it would merely be shorter than it was.
        if is_file and (lacking := lacking_bytes(path)):
            return ClipCheck(frames, f'cut off: its header promises {lacking} more bytes')
        where = ''
        try:
            results = run_transforms(self._open, dict(info))
            frames = int(results['total_frames'])
            indices = np.arange(frames)
            if self._quick:
                indices = np.unique([0, frames // 2, max(frames - 1, 0)])
            reader = results.get('video_reader')
            if isinstance(reader, FileVideo):
                with reader:
                    for _ in reader.read_each(indices):
                        pass
                damaged = f'damaged: {reader.damaged} packets cannot be decoded'
                return ClipCheck(frames, damaged if reader.damaged else '')
            # Raw frames one by one, so that the broken one can be named.
            size = 1 if 'frame_dir' in info else _CHUNK
            parts = [indices[i : i + size] for i in range(0, max(len(indices), 1), size)]
            if is_file and not self._quick:
                # Some decoders are right in a row, and wrong where they seek, as in training.
                parts.insert(0, np.unique(np.linspace(0, frames - 1, 16, dtype=int)))
            found = []
            for part in parts:
                part = part + results.get('start_index', 0)
                where = f'frame {part[0]}: ' if size == 1 else ''
                # Decoding takes the reader out of the results that it is given.
                decoded = run_transforms([self._decode], {**results, 'frame_inds': part})
                found += [_small(image) for image in decoded['imgs']]
        except NOT_THE_VIDEO:
            raise
        except Exception as error:
            return ClipCheck(frames, where + _SOURCE.sub('', describe_error(error)))
        if not is_file:
            return ClipCheck(frames)
        return ClipCheck(frames, _compare(path, frames, np.concatenate(parts), found))


def _compare(path: str, frames: int, indices: np.ndarray, found: list[np.ndarray]) -> str:
    """Return in what a decoder's frames are not those that FFmpeg presents; empty if they are."""
    advice = 'frames of other moments: use VideoInit and VideoDecode'
    try:
        with FileVideo(path) as video:
            if frames != len(video.times):
                return f'{advice} (its decoder finds {frames} frames, FFmpeg {len(video.times)})'
            unique, rows = np.unique(indices, return_inverse=True)
            right = np.stack([_small(image) for image in video.read_each(unique)])
    except UnreadableVideoError:
        return ''  # there is nothing to compare with
    found = np.stack(found)
    far = np.abs(right[rows] - found).mean(1)
    # Decoders differ a little in all colours. Of another moment is what fits it better.
    for row in np.flatnonzero(far > 1):
        nearest = np.abs(right - found[row]).mean(1).argmin()
        if far[row] > 16 or np.abs(right[nearest] - found[row]).mean() < far[row] / 2:
            return f'{advice} (frame {indices[row]} is the first)'
    return ''


def _small(image: np.ndarray) -> np.ndarray:
    small = cv2.resize(image[..., :3], _SMALL, interpolation=cv2.INTER_AREA)
    return small.astype(np.float32).reshape(-1)
