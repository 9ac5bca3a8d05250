"""Fonts that have the letters of the labels, whatever their script."""

import logging
import os
from collections.abc import Iterator, Sequence
from functools import cache

from ..errors import MGDMError

__all__ = ['find_fonts']

# Fonts of these names draw symbols or last-resort boxes where a letter should be.
_NO_TEXT = ('lastresort', 'symbol', 'webdings', 'wingdings', 'emoji', 'adobeblank')
_STYLES = ('bold', 'black', 'italic', 'oblique', 'light', 'thin', 'mono', 'condensed')


def find_fonts(
    texts: Sequence[str], font: str | os.PathLike | None = None
) -> tuple[list[str], str]:
    """Find the fonts that together draw some texts: matplotlib falls back from one to the next.

    DejaVu Sans comes with matplotlib and draws Latin, Greek and Cyrillic letters everywhere alike;
    fonts of the system are searched only for letters that it lacks, because matplotlib itself
    looks no further than the families that it is given.

    Args:
        texts (Sequence[str]): What will be drawn.
        font (str | os.PathLike, optional): A font file that goes before all others. Defaults to
            None.

    Returns:
        tuple[list[str], str]: The files, and one line about letters that none of them has, empty
        if there are none.

    Raises:
        MGDMError: If ``font`` is no font file.
    """
    if font is not None and not _letters(os.fspath(font)):
        found = 'cannot be read as a font' if os.path.isfile(font) else 'no such font file'
        raise MGDMError(f'{font}: {found}. Give one that ends with .ttf, .otf or .ttc.')
    # Spaces and control characters need no glyph.
    wanted = {ord(letter) for text in texts for letter in text if letter.isprintable()} - {32}
    paths = []
    for path in _candidates(font):
        found = wanted & _letters(path)
        if found or len(paths) < 1 + (font is not None):
            paths.append(path)
            wanted -= found
        if not wanted and len(paths) > (font is not None):
            return paths, ''
    missing = ''.join(map(chr, sorted(wanted)))
    shown = missing[:8] + ('...' if len(missing) > 8 else '')
    return paths, (
        f'no font of this machine has {len(missing)} of the letters of the labels ({shown}); they '
        'are drawn as boxes. Name a font file that has them with --font, or install one, such as '
        'Noto Sans CJK for Chinese.'
    )


def _candidates(font: str | os.PathLike | None) -> Iterator[str]:
    import matplotlib

    if font is not None:
        yield os.fspath(font)
    yield os.path.join(matplotlib.get_data_path(), 'fonts', 'ttf', 'DejaVuSans.ttf')
    yield from system_fonts()


def system_fonts() -> list[str]:
    """List the font files of this machine, plain fonts without serifs first."""
    from matplotlib.font_manager import findSystemFonts

    def rank(path: str) -> tuple:
        name = os.path.basename(path).lower()
        return 'sans' not in name, any(word in name for word in _STYLES), 'noto' not in name, name

    fonts = sorted(findSystemFonts(), key=rank)
    return [p for p in fonts if not any(w in os.path.basename(p).lower() for w in _NO_TEXT)]


@cache
def _letters(path: str) -> frozenset:
    """Return the code points that a font has a glyph for; none if it cannot be opened."""
    from matplotlib.ft2font import FT2Font

    # matplotlib reports odd tables in fonts that are none of our user's business.
    logger = logging.getLogger('matplotlib')
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()
    finally:
        logger.setLevel(level)
