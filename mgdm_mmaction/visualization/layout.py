"""Where things go in an annotated picture: sizes that can be read for any video."""

from dataclasses import dataclass

__all__ = ['Layout', 'plan_layout']

# A canvas at least this wide has room for labels; small videos are enlarged to it.
MIN_WIDTH = 640
# No video is enlarged beyond this height, nor shrunk below this longer side.
MAX_ENLARGED_HEIGHT = 720
MAX_SIDE = 1920


@dataclass(frozen=True)
class Layout:
    """Sizes of an annotated picture, in pixels. The strip lies below the video.

    Args:
        width (int): Of the whole picture; even, as H.264's 4:2:0 needs.
        height (int): Of the whole picture; even.
        video (tuple[int, int, int, int]): Left, top, width and height of the video in it.
        strip_top (int): Where the strip starts.
        text (int): Size of the letters.
        names (int): Width of the column of names in the strip.
        cells (tuple[int, int]): Left end and width of the strip's row of frames.
        thumbnail (int): Height of the row of thumbnails.
        row (int): Height of a row of cells.
        rows (int): Rows of cells.
        clock (int): Height of the line that tells the time.
        gap (int): Space between things.
    """

    width: int
    height: int
    video: tuple[int, int, int, int]
    strip_top: int
    text: int
    names: int
    cells: tuple[int, int]
    thumbnail: int
    row: int
    rows: int
    clock: int
    gap: int


def plan_layout(size: tuple[float, float], num_frames: int, rows: int = 3) -> Layout:
    """Choose sizes for a video: small ones are enlarged, those beyond Full HD shrunk.

    Args:
        size (tuple[float, float]): Width and height at which the video is meant to be seen.
        num_frames (int): Frames T that the strip shows.
        rows (int, optional): Labels in the strip; 0 for no strip. Defaults to 3.

    Returns:
        Layout: The sizes.
    """
    w, h = size
    scale = min(MAX_SIDE / max(w, h), 1.0)
    if w * scale < MIN_WIDTH:
        scale = max(scale, min(MIN_WIDTH / w, max(MAX_ENLARGED_HEIGHT / h, scale)))
    shown_w, shown_h = _even(w * scale), _even(h * scale)
    width = max(shown_w, MIN_WIDTH)
    text = max(round(min(width, 1.6 * max(shown_h, 300)) / 42), 13)
    gap = max(text // 3, 4)
    names = round(0.27 * width)
    cells = (names + gap, width - names - 2 * gap)
    # As high as a thumbnail is that is as wide as its cell, but neither tiny nor towering.
    thumbnail = round(min(max(cells[1] / num_frames * h / w, 2.6 * text), 5 * text))
    row, clock = round(1.6 * text), round(1.8 * text)
    strip = 2 * gap + thumbnail + rows * row if rows else 0
    # A video may be lower than the scores that are drawn over it.
    area = max(shown_h, 7 * text)
    video = ((width - shown_w) // 2, (area - shown_h) // 2, shown_w, shown_h)
    height = _even(area + strip + clock + 1)
    return Layout(width, height, video, area, text, names, cells, thumbnail, row, rows, clock, gap)


def _even(value: float) -> int:
    return max(2 * round(value / 2), 2)
