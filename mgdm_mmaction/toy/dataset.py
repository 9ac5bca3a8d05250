"""Writes the toy action data set: mp4 files, and lists as MMAction2's VideoDataset reads them."""

import json
import os
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..datasets.annotations import list_digest
from ..errors import MGDMError
from ..graph import KnowledgeGraph, write_graph
from .actions import DEFAULT_OBJECTS, Action, list_actions
from .render import render_clip

__all__ = ['clip_generator', 'generate_dataset', 'read_settings', 'toy_graph']

_FORMAT_VERSION = 1
_FPS = 12

# First word of the random streams: clips of one stream never appear in another one.
_STREAMS = {'train': 0, 'val': 1, 'pretrain': 2}


def clip_generator(seed: int, stream: str, action: Action, index: int) -> np.random.Generator:
    """Return the random generator of one clip, which depends on nothing but the arguments.

    A clip is therefore the same whatever else is generated: more clips or other objects.

    Args:
        seed (int): Seed of the data set.
        stream (str): ``'train'``, ``'val'`` or ``'pretrain'``.
        action (Action): Class of the clip.
        index (int): Number of the clip in its class.
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
    order), ``graph.json`` (:func:`toy_graph`) and ``dataset.json`` with the settings. The same
    settings give the same videos.

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
    settings = dict(
        format_version=_FORMAT_VERSION,
        seed=seed,
        objects=list(objects),
        train_clips=train_clips,
        val_clips=val_clips,
        num_frames=num_frames,
        size=size,
    )
    lowest = dict(seed=0, train_clips=1, val_clips=1, num_frames=2, size=32)
    for name, least in lowest.items():
        if settings[name] < least:
            raise MGDMError(f'{name} should be at least {least}, but got {settings[name]}')
    if size % 2:
        raise MGDMError(f'size should be even, as mp4 needs it, but got {size}')
    out_dir = Path(out_dir)
    videos, settings_file = out_dir / 'videos', out_dir / 'dataset.json'
    found = read_json(settings_file)
    if found is None and videos.exists():
        raise MGDMError(
            f'{videos} exists but {settings_file} does not: these videos were not generated here '
            'and are left alone; choose another directory'
        )
    if found and found.pop('complete', False) and not overwrite:
        check_same(out_dir, found, settings)
        return False

    write_json(settings_file, dict(settings, complete=False))
    shutil.rmtree(videos, ignore_errors=True)
    lists = {'train': '', 'val': ''}
    for split, count in (('train', train_clips), ('val', val_clips)):
        for label, action in enumerate(actions):
            folder = f'{split}/{action.name.replace(" ", "_")}'
            (videos / folder).mkdir(parents=True)
            for index in range(count):
                generator = clip_generator(seed, split, action, index)
                frames = render_clip(action, generator, num_frames, size)
                path = f'{folder}/{index:04d}.mp4'
                _write_video(videos / path, frames)
                if not lists['train']:
                    _check_video(videos / path, frames)
                lists[split] += f'{path} {label}\n'
    for split, text in lists.items():
        (out_dir / f'{split}_list.txt').write_text(text)
    (out_dir / 'classes.txt').write_text(''.join(f'{action.name}\n' for action in actions))
    write_graph(toy_graph(actions, lists['train']), out_dir / 'graph.json')
    write_json(settings_file, dict(settings, complete=True))
    return True


def toy_graph(actions: Sequence[Action], train_list: str) -> KnowledgeGraph:
    """Make the knowledge graph of the data set, with objects and motions as movements.

    Args:
        actions (Sequence[Action]): The classes.
        train_list (str): Content of the training list, whose videos have the object and the motion
            of their class.
    """
    names = [part for action in actions for part in action]
    rows = [line.rsplit(' ', 1) for line in train_list.splitlines()]
    return KnowledgeGraph(
        [action.name for action in actions],
        list(dict.fromkeys(names)),
        [(action.name, part) for action in actions for part in action],
        [(path, part) for path, label in rows for part in actions[int(label)]],
        {'train_list.txt': list_digest(train_list)},
    )


def read_settings(data_root: str | os.PathLike) -> dict:
    """Read the settings a toy data set was generated with.

    Returns:
        dict: ``seed``, ``objects``, ``train_clips``, ``val_clips``, ``num_frames``, ``size``.

    Raises:
        MGDMError: If there is no complete data set.
    """
    settings = read_json(Path(data_root) / 'dataset.json')
    if settings is None or not settings.pop('complete', False):
        state = 'no' if settings is None else 'only an unfinished'
        raise MGDMError(
            f'there is {state} toy data set in {data_root}; generate it with '
            f'tools/make_toy_data.py {data_root}'
        )
    del settings['format_version']
    return settings


def read_json(path: Path) -> dict | None:
    """Read the settings that something was made with; None if there is no such file."""
    try:
        return dict(json.loads(path.read_text())) if path.exists() else None
    except (ValueError, TypeError):
        raise MGDMError(f'{path} holds no settings; delete it, or choose another place') from None


def write_json(path: Path, settings: dict) -> None:
    """Write settings beside what was made with them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=2) + '\n')


def check_same(what: Path, found: dict, wanted: dict) -> None:
    """Refuse to keep or replace what was made with other settings."""
    different = '; '.join(
        f'{key} is {found.get(key)!r}, wanted {value!r}'
        for key, value in wanted.items()
        if found.get(key) != value
    )
    if different:
        raise MGDMError(
            f'{what} was made with other settings ({different}); choose another place, or replace '
            'it with --overwrite'
        )


def _write_video(path: Path, frames: np.ndarray) -> None:
    height, width = frames.shape[1:3]
    # PyAV would do, but its encoder gives other bytes, and the printed results are of these.
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
