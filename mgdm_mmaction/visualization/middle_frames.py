"""Middle frames of videos as small JPEG images."""

import base64
import io
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ..video.reader import FileVideo, UnreadableVideoError

__all__ = ['Thumbnail', 'middle_frame', 'thumbnails']

# Width and height that an image must fit in, and its JPEG quality: about 4 kB of a real clip.
_SIZE = (160, 90)
_QUALITY = 60
_IMAGES = ('.jpg', '.jpeg', '.png')
# How negatives name a clip of a raw-frame list with offsets.
_OFFSET = re.compile(r'(.+)@(\d+)\+(\d+)')


class Thumbnail(NamedTuple):
    """A small image of a video as the data URI of a JPEG, or None and why there is none."""

    uri: str | None
    problem: str = ''


def middle_frame(path: Path) -> Image.Image:
    """Decode the frame in the middle of a video, or of a folder of images, as RGB.

    Args:
        path (Path): A video file, a folder of raw frames, or such a folder with
            ``@offset+frames`` behind its name.

    Raises:
        OSError: If there is neither, or the image cannot be read.
        UnreadableVideoError: If the video cannot be decoded.
    """
    start, count = 0, None
    if not path.exists() and (match := _OFFSET.fullmatch(str(path))):
        path, start, count = Path(match[1]), int(match[2]), int(match[3])
    if path.is_dir():
        files = sorted(f for f in path.iterdir() if f.suffix.lower() in _IMAGES)
        files = files[start : None if count is None else start + count]
        if not files:
            raise FileNotFoundError('no images in the folder')
        return Image.open(files[len(files) // 2]).convert('RGB')
    if not path.exists():
        raise FileNotFoundError('no such file')
    with FileVideo(path) as video:
        [frame] = video.read_each([len(video.times) // 2])
        return Image.fromarray(frame)


def thumbnail(path: Path) -> Thumbnail:
    """Make the small image of one video; a video that cannot be read has none."""
    try:
        image = middle_frame(path)
        image.thumbnail(_SIZE)
        file = io.BytesIO()
        image.save(file, 'JPEG', quality=_QUALITY, optimize=True)
    except (OSError, ValueError, UnreadableVideoError) as error:
        return Thumbnail(None, ' '.join(str(error).split()))
    return Thumbnail(f'data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}')


def thumbnails(paths: Sequence[str | Path]) -> list[Thumbnail]:
    """Make small images of videos; a video that cannot be read has none."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(thumbnail, map(Path, paths)))
