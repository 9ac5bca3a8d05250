"""What lies under a folder: video files, or folders of raw frames."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MGDMError

__all__ = ['NOT_TEXT', 'VIDEO_SUFFIXES', 'FrameNames', 'Media', 'MediaTree', 'strip_suffixes']

#: Why a clip cannot be listed.
NOT_TEXT = 'the name is no UTF-8 text, as lists must be; rename it'

VIDEO_SUFFIXES = frozenset(
    {'.mp4', '.avi', '.mkv', '.webm', '.mov', '.m4v', '.mpg', '.mpeg', '.wmv', '.flv', '.3gp'}
)


def is_video(name: str) -> bool:
    """Return whether a file name ends as those of videos do."""
    return os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES


def strip_suffixes(name: str) -> str:
    """Take off the endings of video files: some downloaders wrote ``id.mp4.webm``."""
    while is_video(name):
        name = os.path.splitext(name)[0]
    return name


@dataclass(frozen=True)
class FrameNames:
    """How raw frames are named: ``filename_tmpl`` and ``start_index`` of ``RawframeDataset``."""

    template: str = 'img_{:05}.jpg'
    start_index: int = 1

    def __post_init__(self) -> None:
        if not re.fullmatch(r'[^{}]*\{(:0?\d*d?)?\}[^{}]*', self.template):
            raise MGDMError(
                f'--filename-tmpl {self.template!r}: expected a name with one number in Python '
                "format, such as 'img_{:05}.jpg' for img_00001.jpg."
            )

    @property
    def pattern(self) -> re.Pattern:
        """What frames of this template look like, whatever their number."""
        return re.compile(r'\d+'.join(map(re.escape, re.split(r'\{.*\}', self.template))))

    def count(self, names: set[str]) -> tuple[int, str]:
        """Count the frames among files from the first on; also return what is wrong with them."""
        count = 0
        while (lacking := self.template.format(self.start_index + count)) in names:
            count += 1
        found = sum(self.pattern.fullmatch(name) is not None for name in names)
        if count == found:
            return count, ''
        if not count:
            return 0, f'{found} frames but no {lacking}; see --filename-tmpl and --start-index'
        return count, f'{found} frames, but {lacking} is missing among them'


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
        """What a list has of it before the label."""
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
        self.items = sorted(_find(self.root, frames), key=lambda item: item.path)
        if not self.items:
            wanted = (
                f'folders with raw frames named like {frames.template.format(1)} (see '
                '--filename-tmpl)'
                if frames
                else f'files of the kinds {" ".join(sorted(VIDEO_SUFFIXES))} (for folders of raw '
                'frames add --rawframes)'
            )
            raise MGDMError(f'{self.root}: no clip in it; expected {wanted}.')


def _find(root: Path, frames: FrameNames | None) -> Iterator[Media]:
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        # A link to a folder further up would be followed for ever.
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        path = os.path.relpath(folder, root).replace(os.sep, '/').removeprefix('.')
        if frames is None:
            for name in files:
                if is_video(name) and not name.startswith('.'):
                    video = f'{path}/{name}' if path else name
                    yield Media(video, fault=_name_fault(video))
        elif path and any(map(frames.pattern.fullmatch, files)):
            count, fault = frames.count(set(files))
            yield Media(path, count, fault or _name_fault(path))


def _name_fault(path: str) -> str:
    try:
        path.encode('utf-8')
    except UnicodeEncodeError:
        return NOT_TEXT
    return 'the name has a line break; rename it' if len(path.splitlines()) != 1 else ''
