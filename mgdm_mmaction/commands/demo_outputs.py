"""What the demo is to write, checked before anything is computed."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import MGDMError, check_output

__all__ = ['Outputs', 'plan_outputs']

_TABLES = ('.json', '.csv')
_PICTURES = ('.png', '.jpg', '.jpeg', '.webp')


class Outputs(NamedTuple):
    """Files to write.

    Args:
        tables (list[Path]): Scores of all videos, as JSON or CSV.
        drawings (list[tuple[int, Path]]): Annotated videos and pictures: the position of the input,
            and the file.
    """

    tables: list[Path]
    drawings: list[tuple[int, Path]]


def plan_outputs(
    outs: Sequence[str], videos: Sequence[str], roots: Sequence[str], overwrite: bool = False
) -> Outputs:
    """Decide by the endings of names what to write, and refuse what would go wrong at the end.

    Args:
        outs (Sequence[str]): What ``--out`` names: files ending in ``.json``, ``.csv``, ``.mp4`` or
            as a picture, or folders for an annotated copy of each video.
        videos (Sequence[str]): The videos.
        roots (Sequence[str]): For each video the folder that was named, or the video itself if it
            was named. Below an output folder, subfolders stay what they are below this one.
        overwrite (bool, optional): Files that exist may be replaced; never one of the videos.
            Defaults to False.

    Returns:
        Outputs: The files; their folders exist.

    Raises:
        MGDMError: If a file exists, its ending means nothing, it is an input, or one file is asked
            for several videos.
    """
    plan = Outputs([], [])
    for out in outs:
        path = Path(out)
        suffix = path.suffix.lower()
        if path.is_dir() or out.endswith(('/', os.sep)) or not suffix:
            plan.drawings.extend(enumerate(path / name for name in _names(videos, roots)))
        elif suffix in _TABLES:
            plan.tables.append(path)
        elif suffix != '.mp4' and suffix not in _PICTURES:
            raise MGDMError(
                f'--out {out}: expected a name that ends in .json or .csv (scores), .mp4 '
                '(annotated video), .png or .jpg (one annotated frame), or a folder (annotated '
                'videos).'
            )
        elif len(videos) > 1:
            raise MGDMError(
                f'--out {out}: shows one video, but there are {len(videos)}; name a folder, such '
                f'as --out {path.with_suffix("")}, to get one for each.'
            )
        else:
            plan.drawings.append((0, path))
    files = plan.tables + [path for _, path in plan.drawings]
    existing = [video for video in videos if os.path.exists(video)]
    for path, count in Counter(files).items():
        if path.exists() and any(os.path.samefile(path, video) for video in existing):
            raise MGDMError(
                f'--out: {path} is one of the videos and would be lost; choose another name or '
                'folder.'
            )
        if count > 1:
            raise MGDMError(f'--out: {path} would be written twice; name it once.')
        check_output(path, overwrite)
    return plan


def _names(videos: Sequence[str], roots: Sequence[str]) -> list[str]:
    """Name the annotated copy of each video below an output folder."""
    paths = [
        Path(os.path.relpath(video, root) if os.path.isdir(root) else os.path.basename(video))
        for video, root in zip(videos, roots, strict=True)
    ]
    short = [str(path.with_suffix('.mp4')) for path in paths]
    names: list[str] = []
    for name, path in zip(short, paths, strict=True):
        # clip.avi beside clip.mp4 becomes clip.avi.mp4. What is still alike, from two folders, is
        # numbered.
        if short.count(name) > 1 and path.suffix != '.mp4':
            name = f'{path}.mp4'
        stem, number = name.removesuffix('.mp4'), 1
        while name in names:
            number += 1
            name = f'{stem}.{number}.mp4'
        names.append(name)
    return names
