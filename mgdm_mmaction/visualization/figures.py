"""What all figures share: fonts that can draw the labels, and how a file is written."""

import base64
import contextlib
import io
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import explain_disk
from .fonts import find_fonts

__all__ = ['data_uri', 'figure_style', 'save_figure', 'shorten']


@contextlib.contextmanager
def figure_style(texts: Sequence[str], font: str | os.PathLike | None = None) -> Iterator[str]:
    """Draw with fonts that have the letters of the labels, and take ``$`` as it is.

    Args:
        texts (Sequence[str]): All texts that will be drawn.
        font (str | os.PathLike, optional): A font file that goes before all others. Defaults to
            None.

    Yields:
        str: One line about letters that cannot be drawn; empty if there are none.

    Raises:
        MGDMError: If ``font`` is no font file.
    """
    import matplotlib
    from matplotlib.font_manager import FontEntry, fontManager

    paths, warning = find_fonts(texts, font)
    # Named by their paths: matplotlib might take another font of the same family.
    known = {entry.name for entry in fontManager.ttflist}
    fontManager.ttflist += [FontEntry(fname=path, name=path) for path in paths if path not in known]
    style = {'font.family': paths, 'text.parse_math': False, 'font.size': 9}
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # One line reports all letters.
        warnings.filterwarnings('ignore', 'Glyph .* missing from')
        yield warning


def save_figure(figure, path: Path, dpi: int = 150) -> None:
    """Write a figure, in the format of the file's ending; called within :func:`figure_style`."""
    with explain_disk(path):
        figure.savefig(path, dpi=dpi)


def data_uri(figure) -> str:
    """Return a figure as a PNG in a data URI; to be called within :func:`figure_style`."""
    file = io.BytesIO()
    figure.savefig(file, format='png', dpi='figure')
    return f'data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}'


def shorten(text: str, length: int) -> str:
    """Keep both ends of a long text, because labels that look alike differ at either."""
    text = ' '.join(text.split())
    if len(text) <= length:
        return text
    return f'{text[: length // 2].rstrip()}…{text[-(length // 2 - 1) :].lstrip()}'
