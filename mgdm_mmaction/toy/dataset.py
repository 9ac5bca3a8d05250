"""Writes the toy action data set: mp4 files, and lists as MMAction2's VideoDataset reads them."""

import json
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
        MGDMError: For a setting out of range, a data set of other settings, a directory with videos
            of another origin, an OpenCV that cannot write mp4, or a size that decord cannot read.

    Example:
        >>> generate_dataset('data/toy', objects=['star', 'ring'], train_clips=4)  # doctest: +SKIP
        True
    """
    if isinstance(objects, str):
        objects = [objects]
    actions = list_actions(objects)
    settings = dict(
        format_version=_FORMAT_VERSION,
        seed=_at_least('seed', seed, 0),
        objects=list(objects),
        train_clips=_at_least('train_clips', train_clips, 1),
        val_clips=_at_least('val_clips', val_clips, 1),
        num_frames=_at_least('num_frames', num_frames, 2),
        size=_at_least('size', size, 32),
    )
    if size % 2:
        raise MGDMError(f'size should be even, as mp4 needs it, but got {size}')

    out_dir = Path(out_dir)
    found = _read_json(out_dir)
    if found is None:
        if (out_dir / 'videos').exists():
            raise MGDMError(
                f'{out_dir / "videos"} exists but {out_dir / SETTINGS_FILE} does not: these videos '
                'were not generated here and are left alone; choose another directory'
            )
    elif found.pop('complete', False) and not overwrite:
        if found == settings:
            return False
        raise MGDMError(_describe_difference(out_dir, found, settings))

    _write_json(out_dir, dict(settings, complete=False))
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
    _write_json(out_dir, dict(settings, complete=True))
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
    settings = _read_json(Path(data_root))
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
        raise MGDMError(
            f'OpenCV {cv2.__version__} could not open {path} to write mp4 video; check that the '
            'directory is writable and that OpenCV was built with FFmpeg (the PyPI wheels are)'
        )
    for frame in frames:
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    writer.release()


def _check_video(path: Path, frames: np.ndarray) -> None:
    """Decode the first video again: decord 0.6.0 cannot read some sizes (48 and 72 are known)."""
    import decord  # Not at the top: decord has to be loaded after torch.

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


def _at_least(name: str, value: int, lowest: int) -> int:
    if value < lowest:
        raise MGDMError(f'{name} should be at least {lowest}, but got {value}')
    return int(value)


def _read_json(out_dir: Path) -> dict | None:
    path = out_dir / SETTINGS_FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text())
    except ValueError as error:
        raise MGDMError(f'{path} is not valid JSON ({error}); delete it and try again') from None
    if not isinstance(content, dict) or 'format_version' not in content:
        raise MGDMError(f'{path} does not describe a toy data set; choose another directory')
    return content


def _write_json(out_dir: Path, content: dict) -> None:
    out_dir.mkdir(parents=True, exist_ok=True)
    partial = out_dir / f'{SETTINGS_FILE}.partial'
    partial.write_text(json.dumps(content, indent=2) + '\n')
    partial.replace(out_dir / SETTINGS_FILE)


def _describe_difference(out_dir: Path, found: dict, wanted: dict) -> str:
    different = [
        f'{key} is {found.get(key)!r}, wanted {wanted[key]!r}'
        for key in wanted
        if found.get(key) != wanted[key]
    ]
    return (
        f'{out_dir} holds a toy data set with other settings ({"; ".join(different)}); choose '
        'another directory, or replace it with --overwrite'
    )
