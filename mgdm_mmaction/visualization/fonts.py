"""Fonts that can draw the labels, whatever their script."""

import logging
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ..errors import MGDMError

__all__ = ['FontStack', 'system_fonts']

# Families that draw Chinese, Japanese and Korean well, in the order of preference, as they are
# named in files; the others follow.
_PREFERRED = (
    'notosanscjk',
    'notosanssc',
    'sourcehansans',
    'msyh',
    'pingfang',
    'hiragino',
    'simhei',
    'wqy',
    'droidsansfallback',
    'malgun',
    'arialunicode',
    'arial unicode',
    'noto',
    'unifont',
)
# Fonts of these names draw symbols or last-resort boxes where a letter should be.
_NO_TEXT = ('lastresort', 'symbol', 'webdings', 'wingdings', 'emoji', 'adobeblank')


def system_fonts() -> list[str]:
    """List the font files of this machine, those that draw Chinese well first."""
    from matplotlib.font_manager import findSystemFonts

    found = [
        path
        for path in findSystemFonts()
        if not any(word in Path(path).name.lower() for word in _NO_TEXT)
    ]
    return sorted(found, key=_rank)


def _rank(path: str) -> tuple:
    name = Path(path).name.lower()
    place = next((i for i, word in enumerate(_PREFERRED) if word in name), len(_PREFERRED))
    plain = 'regular' in name or not any(
        word in name for word in ('bold', 'black', 'italic', 'oblique', 'light', 'thin', 'mono')
    )
    return place, not plain, name


@cache
def _characters(path: str) -> frozenset:
    """Return the code points that a font has a glyph for; none if it cannot be opened."""
    from matplotlib.ft2font import FT2Font

    # matplotlib tells of odd tables in fonts that are none of our user's business.
    logger = logging.getLogger('matplotlib')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    finally:
        logger.setLevel(level)


class FontStack:
    """Fonts that together draw some texts: DejaVu Sans first, the system's where it lacks letters.

    DejaVu Sans comes with matplotlib, which MMEngine requires, so Latin, Greek and Cyrillic labels
    look alike everywhere. It has no Chinese, Japanese or Korean.

    Args:
        texts (Sequence[str]): What will be drawn.
        font (str | os.PathLike, optional): A font file that goes before all others. Defaults to
            None.
        candidates (Sequence[str], optional): Font files to fall back on. Defaults to None: those of
            the system, searched only if DejaVu Sans does not do.

    Attributes:
        paths (list[str]): The font files in use.
        missing (str): The letters that none of the fonts has. They are drawn as boxes.

    Raises:
        MGDMError: If ``font`` is no font file.
    """

    def __init__(
        self,
        texts: Sequence[str],
        font: str | os.PathLike | None = None,
        candidates: Sequence[str] | None = None,
    ) -> None:
        import matplotlib

        self.paths = [os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')]
        if font is not None:
            self._check(font)
            self.paths.insert(0, os.fspath(font))
        # Spaces and control characters need no glyph.
        wanted = {letter for text in texts for letter in text if letter.isprintable()} - {' '}
        for path in self.paths:
            wanted -= {letter for letter in wanted if ord(letter) in _characters(path)}
        if wanted:
            for path in system_fonts() if candidates is None else candidates:
                found = {letter for letter in wanted if ord(letter) in _characters(path)}
                if found:
                    self.paths.append(path)
                    wanted -= found
                if not wanted:
                    break
        self.missing = ''.join(sorted(wanted))
        self._opened: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}

    def warning(self) -> str | None:
        """Say in one line which letters cannot be drawn, and what helps; None if all can."""
        if not self.missing:
            return None
        shown = self.missing[:8] + ('...' if len(self.missing) > 8 else '')
        return (
            f'no font of this machine has {len(self.missing)} of the letters of the labels '
            f'({shown}); they are drawn as boxes. Name a font file that has them with --font, or '
            'install one, such as Noto Sans CJK for Chinese.'
        )

    def width(self, text: str, size: int) -> int:
        """Return the width of a text in pixels."""
        return round(sum(font.getlength(part) for part, font in self._runs(text, size)))

    def fit(self, text: str, width: int, size: int, smallest: int | None = None) -> tuple[str, int]:
        """Make a text fit: smaller letters first, then an ellipsis in its middle.

        Both ends stay, because labels that look alike differ at either.

        Args:
            text (str): The text; its line breaks become spaces.
            width (int): Room in pixels.
            size (int): Wanted size of the letters in pixels.
            smallest (int, optional): The least that is still read. Defaults to None: 3/4 of
                ``size``.

        Returns:
            tuple[str, int]: What to draw, and at what size.
        """
        text = ' '.join(text.split())
        least = smallest or max(round(0.75 * size), 1)
        while size > least and self.width(text, size) > width:
            size -= 1
        if self.width(text, size) <= width:
            return text, size
        keep = len(text) - 1
        while keep > 1:
            tail = keep // 2
            short = text[: keep - tail].rstrip() + '…' + text[len(text) - tail :].lstrip()
            if self.width(short, size) <= width:
                return short, size
            keep -= 1
        return '…', size

    def draw(self, image: Image.Image, xy: tuple[int, int], text: str, size: int, fill) -> None:
        """Draw one line of text.

        Args:
            image (Image.Image): Image to draw on.
            xy (tuple[int, int]): Where: the left end, at half the height of a capital letter.
            text (str): The text.
            size (int): Size of the letters in pixels.
            fill (tuple): Colour.
        """
        canvas = ImageDraw.Draw(image)
        x, y = xy
        # From one baseline, so that letters of several fonts stand on one line.
        baseline = y + round(0.36 * size)
        for part, font in self._runs(text, size):
            canvas.text((x, baseline), part, font=font, fill=fill, anchor='ls')
            x += font.getlength(part)

    def _runs(self, text: str, size: int) -> list[tuple[str, ImageFont.FreeTypeFont]]:
        """Divide a text into stretches of one font each."""
        runs: list[list] = []
        for letter in text:
            if letter == ' ' and runs:
                runs[-1][0] += letter
                continue
            path = next((p for p in self.paths if ord(letter) in _characters(p)), self.paths[0])
            if runs and runs[-1][1] == path:
                runs[-1][0] += letter
            else:
                runs.append([letter, path])
        return [(part, self._font(path, size)) for part, path in runs]

    def _font(self, path: str, size: int) -> ImageFont.FreeTypeFont:
        key = (path, size)
        if key not in self._opened:
            # The basic layout is everywhere the same; raqm is in some builds of Pillow only.
            layout = ImageFont.Layout.BASIC
            self._opened[key] = ImageFont.truetype(path, size, layout_engine=layout)
        return self._opened[key]

    @staticmethod
    def _check(font: str | os.PathLike) -> None:
        if not Path(font).is_file():
            raise MGDMError(
                f'{font}: no such font file. Give one that ends with .ttf, .otf or .ttc.'
            )
        if not _characters(os.fspath(font)):
            raise MGDMError(
                f'{font}: cannot be read as a font. Give one that ends with .ttf, .otf or .ttc.'
            )
