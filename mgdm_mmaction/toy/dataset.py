"""Writes the toy action data set: mp4 files, and lists as MMAction2's VideoDataset reads them."""

import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..errors import MGDMError
from .actions import DEFAULT_OBJECTS, Action, list_actions
from .render import render_clip
from .settings import at_least, read_json, refuse, write_json

__all__ = ['SETTINGS_FILE', 'clip_generator', 'generate_dataset', 'read_settings']

SETTINGS_FILE = 'dataset.json'
_FORMAT_VERSION = 1
_FPS = 12

# First word of the random streams: clips of one stream never appear in another one.
_STREAMS = {'train': 0, 'val': 1, 'pretrain': 2}


class _Clip(NamedTuple):
    split: str
    action: Action
    label: int
    index: int

    @property
    def path(self) -> str:
        """Path under ``videos`` as the lists write it."""
        return f'{self.split}/{self.action.name.replace(" ", "_")}/{self.index:04d}.mp4'


def clip_generator(seed: int, stream: str, action: Action, index: int) -> np.random.Generator:
    """Return the random generator of one clip, which depends on nothing but the arguments.

    A clip is therefore the same whatever else is generated: more clips or other objects.

    Args:
        seed (int): Seed of the data set.
        stream (str): ``'train'``, ``'val'`` or ``'pretrain'``.
        action (Action): Class of the clip.
        index (int): Number of the clip in its class.

    Returns:
        np.random.Generator: Fresh generator.
    """
    return np.random.default_rng([_STREAMS[stream], seed, zlib.crc32(action.name.encode()), index])


def generate_dataset(
    out_dir: str | os.PathLike,
    seed: int = 0,
    objects: Sequence[str] = DEFAULT_OBJECTS,
    train_clips: int = 16,
    val_clips: int = 8,
    num_frames: int = 24,
    size: int = 80,
    overwrite: bool = False,
) -> bool:
    """Generate the toy action data set, unless it is there already.

    Files under ``out_dir``: ``videos/<split>/<class>/<number>.mp4``, ``train_list.txt`` and
    ``val_list.txt`` (path under ``videos`` and label), ``classes.txt`` (a name a line, in label
    order) and, when all is complete, ``dataset.json`` with the settings. The same settings give the
    same videos.

    Args:
        out_dir (str | os.PathLike): Directory to write to.
        seed (int, optional): Seed, not negative. Defaults to 0.
        objects (Sequence[str], optional): Objects that make the classes, six motions each.
            Defaults to :data:`~mgdm_mmaction.toy.actions.DEFAULT_OBJECTS`.
        train_clips (int, optional): Training clips a class. Defaults to 16.
        val_clips (int, optional): Validation clips a class. Defaults to 8.
        num_frames (int, optional): Frames of a clip. Defaults to 24.
        size (int, optional): Side of the frames in pixels, even. Defaults to 80.
        overwrite (bool, optional): Replace a data set made with other settings. Defaults to False.

    Returns:
        bool: True if it was generated, False if it was there with the same settings.

    Raises:
        MGDMError: For a setting out of range, a data set of other settings, videos of another
            origin, an OpenCV that cannot write mp4, or a size that decord cannot read.
    """
    actions = list_actions(objects)
    at_least(0, seed=seed)
    at_least(1, train_clips=train_clips, val_clips=val_clips)
    at_least(2, num_frames=num_frames)
    at_least(32, size=size)
    if size % 2:
        raise MGDMError(f'size should be even, as mp4 needs it, but got {size}')
    settings = dict(
        format_version=_FORMAT_VERSION,
        seed=seed,
        objects=list(objects),
        train_clips=train_clips,
        val_clips=val_clips,
        num_frames=num_frames,
        size=size,
    )
    out_dir = Path(out_dir)
    found = read_json(out_dir / SETTINGS_FILE)
    if found is None and (out_dir / 'videos').exists():
        raise MGDMError(
            f'{out_dir / "videos"} exists but {out_dir / SETTINGS_FILE} does not: these videos '
            'were not generated here and are left alone; choose another directory'
        )
    if found and found.pop('complete', False) and not overwrite:
        if found == settings:
            return False
        refuse(out_dir, found, settings)

    write_json(out_dir / SETTINGS_FILE, dict(settings, complete=False))
    shutil.rmtree(out_dir / 'videos', ignore_errors=True)
    clips = list(_list_clips(actions, dict(train=train_clips, val=val_clips)))
    for folder in {(out_dir / 'videos' / clip.path).parent for clip in clips}:
        folder.mkdir(parents=True)

    for clip in clips:
        generator = clip_generator(seed, clip.split, clip.action, clip.index)
        frames = render_clip(clip.action, generator, num_frames, size)
        _write_video(out_dir / 'videos' / clip.path, frames)
        if clip is clips[0]:
            _check_video(out_dir / 'videos' / clip.path, frames)

    for split in ('train', 'val'):
        lines = [f'{clip.path} {clip.label}\n' for clip in clips if clip.split == split]
        (out_dir / f'{split}_list.txt').write_text(''.join(lines))
    (out_dir / 'classes.txt').write_text(''.join(f'{action.name}\n' for action in actions))
    write_json(out_dir / SETTINGS_FILE, dict(settings, complete=True))
    return True


def read_settings(data_root: str | os.PathLike) -> dict:
    """Read the settings a toy data set was generated with.

    Args:
        data_root (str | os.PathLike): Directory of the data set.

    Returns:
        dict: ``seed``, ``objects``, ``train_clips``, ``val_clips``, ``num_frames``, ``size``.

    Raises:
        MGDMError: If there is no complete data set.
    """
    settings = read_json(Path(data_root) / SETTINGS_FILE)
    if settings is None or not settings.pop('complete', False):
        state = 'no' if settings is None else 'only an unfinished'
        raise MGDMError(
            f'there is {state} toy data set in {data_root}; generate it with '
            f'tools/make_toy_data.py {data_root}'
        )
    del settings['format_version']
    return settings


def _list_clips(actions: list[Action], clips_per_class: dict[str, int]) -> Iterator[_Clip]:
    for split, count in clips_per_class.items():
        for label, action in enumerate(actions):
            for index in range(count):
                yield _Clip(split, action, label, index)


def _write_video(path: Path, frames: np.ndarray) -> None:
    height, width = frames.shape[1:3]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), _FPS, (width, height))
    if not writer.isOpened():
        raise MGDMError(f'{path}: this OpenCV ({cv2.__version__}) does not write mp4 video there')
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()


def _check_video(path: Path, frames: np.ndarray) -> None:
    """Decode the first video again: decord 0.6.0 cannot read some sizes (48 and 72 are known)."""
    import decord

    try:
        reader = decord.VideoReader(str(path), num_threads=1)
        shape = reader.get_batch(range(len(reader))).shape
    except decord.DECORDError as error:
        shape = str(error).splitlines()[0]
    if shape != frames.shape:
        raise MGDMError(
            f'decord does not read {path} as it was written (shape {frames.shape}, read: {shape}); '
            'choose another size, the default 80 is known to work'
        )
