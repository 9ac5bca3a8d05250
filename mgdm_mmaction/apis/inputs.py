"""What a caller may hand in: files, folders, arrays, and lists of them."""

import os
import re
from collections.abc import Iterator, Sequence

import numpy as np

from ..data_prep.media import VIDEO_SUFFIXES
from ..errors import MGDMError
from ..video import Source

__all__ = ['SUFFIXES', 'list_sources']

# What counts as a video inside a folder; a file that is named itself may end in anything.
SUFFIXES = VIDEO_SUFFIXES | {'.gif', '.ts', '.mts', '.m2ts', '.ogv', '.asf', '.mpe', '.vob'}


def list_sources(inputs: object) -> list[Source]:
    """Turn what a caller hands in into a flat list of videos.

    Args:
        inputs (object): A path, a folder, an array, or a list of those. A folder stands for all
            videos below it, links followed and hidden files left out, in natural order: ``clip2``
            comes before ``clip10``.

    Returns:
        list[Source]: The videos. What cannot be opened for sure is among them, with its fault.

    Raises:
        MGDMError: If something is neither path nor array, or the list is empty.
    """
    items = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    if not items:
        raise MGDMError('inputs: the list is empty; give videos, folders or arrays')
    sources: list[Source] = []
    arrays = 0
    for position, item in enumerate(items):
        if isinstance(item, np.ndarray):
            sources.append(Source(f'array {arrays}', array=item, fault=_array_fault(item)))
            arrays += 1
        elif isinstance(item, str | os.PathLike):
            sources += _from_path(os.fspath(item))
        else:
            raise MGDMError(
                f'inputs: entry {position} is a {type(item).__name__}; expected the path of a '
                'video or folder, or a uint8 array [frames, H, W, 3] in RGB order'
            )
    return sources


def _array_fault(array: np.ndarray) -> str:
    if array.ndim == 4 and array.shape[-1] == 3 and array.dtype == np.uint8 and array.size:
        return ''
    return (
        f'the array is {array.dtype} {list(array.shape)}; expected uint8 [frames, H, W, 3] in RGB '
        'order, with at least one frame'
    )


def _from_path(path: str | bytes) -> Sequence[Source]:
    path = os.fsdecode(path)
    if '://' in path:
        return [_source(path, 'a URL is not fetched; download it and give the file')]
    if not os.path.exists(path):
        return [_source(path, 'no such file or folder')]
    if not os.path.isdir(path):
        return [_source(path, _file_fault(path))]
    found = sorted(_walk(path), key=_natural)
    if not found:
        kinds = ' '.join(sorted(SUFFIXES))
        return [_source(path, f'a folder without a video; expected files of {kinds}')]
    return [_source(name, _file_fault(name)) for name in found]


def _source(path: str, fault: str) -> Source:
    # A name need not be valid UTF-8, but reports are.
    name = os.fsencode(path).decode('utf-8', 'replace')
    if name.encode() != os.fsencode(path):
        fault = fault or 'the name is no UTF-8 text; rename it'
    return Source(name, os.path.abspath(path), fault=fault)


def _file_fault(path: str) -> str:
    if not os.path.isfile(path):
        return 'no regular file'  # a pipe or a device would keep the reader waiting
    if not os.path.getsize(path):
        return 'an empty file (0 bytes)'
    try:
        with open(path, 'rb') as file:
            head = file.read(16)
    except OSError as error:
        return f'the file cannot be opened: {error.strerror}'
    # Whatever it is named, FFmpeg would follow it to other files.
    if head.lstrip(b'\xef\xbb\xbf').startswith((b'#EXTM3U', b'ffconcat')):
        return 'a playlist, which names other files; give these'
    return ''


def _walk(root: str) -> Iterator[str]:
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        # A link to a folder further up would go round for ever.
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith('.')]
        for name in files:
            if not name.startswith('.') and os.path.splitext(name)[1].lower() in SUFFIXES:
                yield os.path.join(folder, name)


def _natural(path: str) -> list[tuple]:
    """Order numbers inside names by their value."""
    return [
        (0, int(part), '') if part.isdecimal() and part.isascii() else (1, 0, part.lower())
        for part in re.split(r'(\d+)', path)
    ] + [(2, 0, path)]
