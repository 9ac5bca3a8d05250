"""What lies under a folder: video files, or folders of raw frames."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import MGDMError

__all__ = ['FrameNames', 'Media', 'MediaTree', 'VIDEO_SUFFIXES']

VIDEO_SUFFIXES = frozenset(
    {'.mp4', '.avi', '.mkv', '.webm', '.mov', '.m4v', '.mpg', '.mpeg', '.wmv', '.flv', '.3gp'}
)


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


@dataclass(frozen=True)
class FrameNames:
    """How raw frames are named, with the words of ``RawframeDataset``.

    Args:
        template (str, optional): ``filename_tmpl``. Defaults to 'img_{:05}.jpg'.
        start_index (int, optional): Number of the first frame. Defaults to 1.

    Raises:
        MGDMError: If the template does not hold one number.
    """

    template: str = 'img_{:05}.jpg'
    start_index: int = 1

    def __post_init__(self) -> None:
        try:
            holds_number = self.template.format(1) != self.template.format(2)
        except (IndexError, KeyError, ValueError):
            holds_number = False
        if not holds_number or self.template.count('{') != 1:
            raise MGDMError(
                f'--filename-tmpl {self.template!r}: expected a name with one number in Python '
                "format, such as 'img_{:05}.jpg' for img_00001.jpg."
            )

    @property
    def pattern(self) -> re.Pattern:
        """What frames of this template look like, whatever their number."""
        before, after = re.split(r'\{.*\}', self.template)
        return re.compile(re.escape(before) + r'\d+' + re.escape(after))

    def count(self, names: set[str]) -> tuple[int, str]:
        """Count the frames in a folder.

        Args:
            names (set[str]): Its files.

        Returns:
            tuple[int, str]: Frames without a gap from the first on, and what is wrong with them.
        """
        count = 0
        while self.template.format(self.start_index + count) in names:
            count += 1
        found = sum(self.pattern.fullmatch(name) is not None for name in names)
        first = self.template.format(self.start_index)
        if count == found:
            return count, ''
        if not count:
            return 0, f'{found} frames but no {first}; see --filename-tmpl and --start-index'
        gap = self.template.format(self.start_index + count)
        return count, f'{found} frames, but {gap} is missing among them'


def strip_suffixes(name: str) -> str:
    """Take off the endings of video files: some downloaders wrote ``id.mp4.webm``."""
    stem, suffix = os.path.splitext(name)
    while suffix.lower() in VIDEO_SUFFIXES:
        name = stem
        stem, suffix = os.path.splitext(name)
    return name


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
        self.frames = frames
        if not self.root.is_dir():
            raise MGDMError(f'{self.root}: no such folder. Where do the videos lie?')
        self.items = sorted(self._scan(), key=lambda item: item.path)
        if not self.items:
            wanted = (
                f'files of the kinds {" ".join(sorted(VIDEO_SUFFIXES))} (for folders of raw frames '
                'add --rawframes)'
                if frames is None
                else f'folders with raw frames named like {frames.template.format(1)} (see '
                '--filename-tmpl)'
            )
            raise MGDMError(f'{self.root}: no clip in it; expected {wanted}.')

    def _scan(self) -> Iterator[Media]:
        seen = set()
        for folder, folders, files in os.walk(self.root, followlinks=True):
            # A link to a folder further up would go round for ever.
            real = os.path.realpath(folder)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = sorted(name for name in folders if not name.startswith('.'))
            below = os.path.relpath(folder, self.root).replace(os.sep, '/')
            if self.frames is not None:
                if any(self.frames.pattern.fullmatch(name) for name in files) and below != '.':
                    count, fault = self.frames.count(set(files))
                    yield Media(below, count, fault or _name_fault(below))
                continue
            for name in files:
                if not name.startswith('.') and os.path.splitext(name)[1].lower() in VIDEO_SUFFIXES:
                    path = name if below == '.' else f'{below}/{name}'
                    yield Media(path, fault=_name_fault(path))


def _name_fault(path: str) -> str:
    try:
        path.encode('utf-8')
    except UnicodeEncodeError:
        return 'the name is no UTF-8 text, as lists must be; rename it'
    return 'the name has a line break; rename it' if len(path.splitlines()) != 1 else ''
