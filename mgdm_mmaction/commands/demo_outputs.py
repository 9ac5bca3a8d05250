"""What the command of the inference is to write, checked before anything is computed."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import MGDMError

__all__ = ['Outputs', 'plan_outputs']

_TABLES = ('.json', '.csv')
_PICTURES = ('.png', '.jpg', '.jpeg', '.webp')


@dataclass(frozen=True)
class Outputs:
    """Files to write.

    Args:
        tables (list[Path]): Scores of all videos, as JSON or CSV.
        drawings (list[tuple[int, Path]]): Annotated videos and pictures: the position of the input,
            and the file.
    """

    tables: list[Path] = field(default_factory=list)
    drawings: list[tuple[int, Path]] = field(default_factory=list)


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
        Outputs: The files.

    Raises:
        MGDMError: If a file exists, its folder does not, its ending means nothing, it is an input,
            or one file is asked for several videos.
    """
    plan = Outputs()
    for out in outs:
        path = Path(out)
        suffix = path.suffix.lower()
        if path.is_dir() or out.endswith(('/', os.sep)) or not suffix:
            _check_parent(path, out)
            files = [path / name for name in _names(videos, roots)]
            plan.drawings.extend(enumerate(files))
        elif suffix in _TABLES:
            _check_parent(path, out)
            plan.tables.append(path)
        elif suffix == '.mp4' or suffix in _PICTURES:
            _check_parent(path, out)
            if len(videos) > 1:
                raise MGDMError(
                    f'--out {out}: shows one video, but there are {len(videos)}; name a folder, '
                    f'such as --out {path.with_suffix("")}, to get one for each.'
                )
            plan.drawings.append((0, path))
        else:
            raise MGDMError(
                f'--out {out}: expected a name that ends in .json or .csv (scores), .mp4 '
                '(annotated video), .png or .jpg (one annotated frame), or a folder (annotated '
                'videos).'
            )
    files = plan.tables + [path for _, path in plan.drawings]
    existing = [video for video in videos if os.path.exists(video)]
    for path in files:
        _check_file(path, existing, overwrite)
    twice = [path for path, count in Counter(files).items() if count > 1]
    if twice:
        raise MGDMError(f'--out: {twice[0]} would be written twice; name it once.')
    return plan


def _names(videos: Sequence[str], roots: Sequence[str]) -> list[str]:
    """Name the annotated copy of each video below an output folder."""
    paths = [
        Path(os.path.relpath(video, root) if os.path.isdir(root) else os.path.basename(video))
        for video, root in zip(videos, roots, strict=True)
    ]
    short = [str(path.with_suffix('.mp4')) for path in paths]
    # clip.avi beside clip.mp4 becomes clip.avi.mp4. What is still alike, from two folders, is
    # numbered.
    names = [
        name if short.count(name) == 1 or path.suffix == '.mp4' else f'{path}.mp4'
        for name, path in zip(short, paths, strict=True)
    ]
    seen: Counter = Counter()
    for i, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            names[i] = f'{name.removesuffix(".mp4")}.{seen[name]}.mp4'
    return names


def _check_parent(path: Path, out: str) -> None:
    if not path.parent.is_dir():
        raise MGDMError(
            f'--out {out}: there is no folder {path.parent}; make it, or mend the name.'
        )


def _check_file(path: Path, videos: Sequence[str], overwrite: bool) -> None:
    if not path.exists():
        return
    if any(os.path.samefile(path, video) for video in videos):
        raise MGDMError(
            f'--out: {path} is one of the videos and would be lost; choose another name or folder.'
        )
    if path.is_dir():
        raise MGDMError(f'--out: {path} is a folder, but a file is to be written there.')
    if not overwrite:
        raise MGDMError(
            f'--out: {path} exists already; add --overwrite to replace it, or choose another name.'
        )
