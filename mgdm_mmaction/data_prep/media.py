"""What lies under a folder: video files, or folders of raw frames."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MGDMError
from .list_form import FrameNames

__all__ = ['Media', 'MediaTree', 'VIDEO_SUFFIXES', 'strip_suffixes']

VIDEO_SUFFIXES = frozenset(
    {'.mp4', '.avi', '.mkv', '.webm', '.mov', '.m4v', '.mpg', '.mpeg', '.wmv', '.flv', '.3gp'}
)


def strip_suffixes(name: str) -> str:
    """Take off the endings of video files: some downloaders wrote ``id.mp4.webm``."""
    while os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES:
        name = os.path.splitext(name)[0]
    return name


@dataclass(frozen=True)
class Media:
    """One clip on disk.

    Args:
        path (str): Below the root of its tree, '/' between the folders.
        frames (int, optional): Number of raw frames; None for a video file. Defaults to None.
        fault (str, optional): Why it cannot be listed. Defaults to '': it can.
    """

    path: str
    frames: int | None = None
    fault: str = ''

    @property
    def name(self) -> str:
        """Last part of the path, without the endings of video files."""
        name = self.path.rsplit('/', 1)[-1]
        return name if self.frames is not None else strip_suffixes(name)

    @property
    def folders(self) -> list[str]:
        """Folders between the root and the clip."""
        return self.path.split('/')[:-1]

    @property
    def video(self) -> str:
        """What a list says of it before the label."""
        return self.path if self.frames is None else f'{self.path} {self.frames}'


class MediaTree:
    """All clips under a folder, sorted by path. Hidden files are no clips; links are followed.

    Args:
        root (str | Path): The folder.
        frames (FrameNames, optional): Look for folders of raw frames named so. Defaults to None:
            look for video files.

    Attributes:
        items (list[Media]): The clips.

    Raises:
        MGDMError: If there is no such folder, or no clip in it.
    """

    def __init__(self, root: str | Path, frames: FrameNames | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise MGDMError(f'{self.root}: no such folder. Where do the videos lie?')
        self.items = sorted(
            _raw_frames(self.root, frames) if frames else _videos(self.root),
            key=lambda item: item.path,
        )
        if not self.items:
            wanted = (
                f'folders with raw frames named like {frames.template.format(1)} (see '
                '--filename-tmpl)'
                if frames
                else f'files of the kinds {" ".join(sorted(VIDEO_SUFFIXES))} (for folders of raw '
                'frames add --rawframes)'
            )
            raise MGDMError(f'{self.root}: no clip in it; expected {wanted}.')


def _videos(root: Path) -> Iterator[Media]:
    for folder, files in _walk(root):
        for name in files:
            if not name.startswith('.') and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES:
                path = f'{folder}/{name}' if folder else name
                yield Media(path, fault=_name_fault(path))


def _raw_frames(root: Path, frames: FrameNames) -> Iterator[Media]:
    for folder, files in _walk(root):
        if folder and any(map(frames.pattern.fullmatch, files)):
            count, fault = frames.count(set(files))
            yield Media(folder, count, fault or _name_fault(folder))


def _walk(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield every folder below the root, as lists name it, and its files."""
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        # A link to a folder further up would go round for ever.
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        yield os.path.relpath(folder, root).replace(os.sep, '/').removeprefix('.'), files


def _name_fault(path: str) -> str:
    try:
        path.encode('utf-8')
    except UnicodeEncodeError:
        return 'the name is no UTF-8 text, as lists must be; rename it'
    return 'the name has a line break; rename it' if len(path.splitlines()) != 1 else ''
